// h_t = a_t ⊙ h_{t−1} + b_t down time, and its gradient, the same recurrence from the other end.
// p: batch, time, channels, reverse.  Cut into (sequence, strip of channels); the state of a strip stays in registers.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kScanStrip = 64;
static constexpr int kScanVectors = kScanStrip / Vf::lanes;

struct ScanShape {
  int64_t batch, time, channels, strips;
  bool reverse;
  explicit ScanShape(const Call& call)
      : batch(call.p[0]), time(call.p[1]), channels(call.p[2]), strips((channels + kScanStrip - 1) / kScanStrip), reverse(call.p[3] != 0) {}
  // Where the strip's row of the nth step of the scan begins.
  int64_t row(int64_t sequence, int64_t step, int64_t strip) const {
    return (sequence * time + (reverse ? time - 1 - step : step)) * channels + strip * kScanStrip;
  }
};

// Calls f(vector, channel, left) for each vector of a strip; whole strips have a constant count, so that state is registers.
template <class F> static inline __attribute__((always_inline)) void eachScanVector(int64_t width, F f) {
  if (width == kScanStrip) {
#pragma GCC unroll 16
    for (int v = 0; v < kScanVectors; ++v) f(v, static_cast<int64_t>(v) * Vf::lanes, static_cast<int64_t>(Vf::lanes));
  } else {
    for (int v = 0; static_cast<int64_t>(v) * Vf::lanes < width; ++v) f(v, static_cast<int64_t>(v) * Vf::lanes, width - static_cast<int64_t>(v) * Vf::lanes);
  }
}

static void linearScan(const Call& call, const Worker& worker) {
  const ScanShape s(call);
  const float* initial = static_cast<const float*>(call.operands[2].data);
  const float* a = static_cast<const float*>(call.operands[0].data);
  byType(call.operands[1].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    const T* b = static_cast<const T*>(call.operands[1].data);
    T* h = static_cast<T*>(call.operands[3].data);
    const Range units = share(worker, s.batch * s.strips);
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t sequence = unit / s.strips, strip = unit % s.strips, width = smaller(kScanStrip, s.channels - strip * kScanStrip);
      Vf state[kScanVectors];
      for (Vf& v : state) v = Vf::zero();
      if (initial != nullptr) eachScanVector(width, [&](int v, int64_t c, int64_t left) { state[v] = loadUpTo(initial + sequence * s.channels + strip * kScanStrip + c, left); });
      for (int64_t step = 0; step < s.time; ++step) {
        const int64_t at = s.row(sequence, step, strip);
        eachScanVector(width, [&](int v, int64_t c, int64_t left) {
          state[v] = fma(loadUpTo(a + at + c, left), state[v], loadUpTo(b + at + c, left));
          storeUpTo(state[v], h + at + c, left);
        });
      }
    }
  });
}
static constexpr KernelEntry kLinearScan{"linearScan", linearScan, nullptr};

// Operands: a, h, dh, initial → da, db, dinitial. With g_t = dh_t + a_{t+1} ⊙ g_{t+1}: db = g, da_t = g_t ⊙ h_{t−1}.
static void linearScanGradient(const Call& call, const Worker& worker) {
  const ScanShape s(call);
  const float* a = static_cast<const float*>(call.operands[0].data);
  const float* initial = static_cast<const float*>(call.operands[3].data);
  float* da = static_cast<float*>(call.operands[4].data);
  float* dinitial = static_cast<float*>(call.operands[6].data);
  byType(call.operands[1].dtype, [&](auto* state) {
    byType(call.operands[2].dtype, [&](auto* arriving) {
      using T = Bare<decltype(state)>;
      using D = Bare<decltype(arriving)>;
      const T* h = static_cast<const T*>(call.operands[1].data);
      const D* dh = static_cast<const D*>(call.operands[2].data);
      T* db = static_cast<T*>(call.operands[5].data);
      const Range units = share(worker, s.batch * s.strips);
      for (int64_t unit = units.begin; unit < units.end; ++unit) {
        const int64_t sequence = unit / s.strips, strip = unit % s.strips, width = smaller(kScanStrip, s.channels - strip * kScanStrip);
        const int64_t first = sequence * s.channels + strip * kScanStrip;
        Vf carried[kScanVectors];  // a_{t+1} ⊙ g_{t+1}
        for (Vf& v : carried) v = Vf::zero();
        for (int64_t step = s.time - 1; step >= 0; --step) {
          const int64_t at = s.row(sequence, step, strip), before = step > 0 ? s.row(sequence, step - 1, strip) : 0;
          eachScanVector(width, [&](int v, int64_t c, int64_t left) {
            const Vf g = loadUpTo(dh + at + c, left) + carried[v];
            if (db != nullptr) storeUpTo(g, db + at + c, left);
            const Vf previous = step > 0 ? loadUpTo(h + before + c, left) : initial != nullptr ? loadUpTo(initial + first + c, left) : Vf::zero();
            storeUpTo(g * previous, da + at + c, left);
            carried[v] = loadUpTo(a + at + c, left) * g;
          });
        }
        if (dinitial != nullptr) eachScanVector(width, [&](int v, int64_t c, int64_t left) { storeUpTo(carried[v], dinitial + first + c, left); });
      }
    });
  });
}
static constexpr KernelEntry kLinearScanGradient{"linearScanGradient", linearScanGradient, nullptr};

}  // namespace octavo::OCTAVO_ISA
