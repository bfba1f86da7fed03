// Gradients of a 1-D convolution whose result was read at one position a sequence and filter, by a maximum over time.
// p: as WindowShape, then filters. A position below 0 had none.
namespace octavo::OCTAVO_ISA {

// Taps [first, end) of the window at a position that lie inside the sequence, and where its tap 0 lies.
struct Peak { int64_t start, first, end; };
static inline Peak peakAt(const WindowShape& s, int32_t position) {
  if (position < 0 || position >= s.outWidth) return {0, 0, 0};
  const int64_t start = position * s.strideWide - s.left, step = s.dilationWide;
  const int64_t first = start < 0 ? (step - 1 - start) / step : 0, end = smaller(s.tapsWide, larger(0, (s.width - start + step - 1) / step));
  return {start, first, larger(first, end)};
}

// to ← to + factor · from
template <class T> static void addScaled(const T* from, float factor, float* to, int64_t count) {
  const Vf by = Vf::set1(factor);
  for (int64_t i = 0; i < count; i += Vf::lanes) storeUpTo(fma(loadUpTo(from + i, count - i), by, loadUpTo(to + i, count - i)), to + i, count - i);
}

// Cut into filters: each is summed over the batch in its order.
static void convolutionWeightGradientAt(const Call& call, const Worker& worker) {
  const WindowShape s(call.p);
  const int64_t filters = call.p[14], length = s.tapsWide * s.channels;
  const int32_t* index = static_cast<const int32_t*>(call.operands[2].data);
  float* dweight = static_cast<float*>(call.operands[3].data);
  const Range mine = share(worker, filters);
  byType(call.operands[0].dtype, [&](auto* of) {
    byType(call.operands[1].dtype, [&](auto* arriving) {
      const auto* x = static_cast<const Bare<decltype(of)>*>(call.operands[0].data);
      const auto* dy = static_cast<const Bare<decltype(arriving)>*>(call.operands[1].data);
      for (int64_t f = mine.begin; f < mine.end; ++f) {
        float* out = dweight + f * length;
        for (int64_t i = 0; i < length; ++i) out[i] = 0;
        for (int64_t b = 0; b < s.batch; ++b) {
          const Peak peak = peakAt(s, index[b * filters + f]);
          const int64_t together = s.dilationWide == 1 ? peak.end - peak.first : 1;  // taps side by side in x
          for (int64_t tap = peak.first; tap < peak.end; tap += together)
            addScaled(x + (b * s.width + peak.start + tap * s.dilationWide) * s.channels, toFloat(dy[b * filters + f]), out + tap * s.channels, together * s.channels);
        }
      }
    });
  });
}
static constexpr KernelEntry kConvolutionWeightGradientAt{"convolutionWeightGradientAt", convolutionWeightGradientAt, nullptr};

// Cut into sequences: each is summed over the filters in their order, in float32.
static void convolutionInputGradientAt(const Call& call, const Worker& worker) {
  const WindowShape s(call.p);
  const int64_t filters = call.p[14], size = s.width * s.channels;
  const int32_t* index = static_cast<const int32_t*>(call.operands[1].data);
  float* sums = static_cast<float*>(worker.scratch);
  const Range mine = share(worker, s.batch);
  byType(call.operands[0].dtype, [&](auto* arriving) {
    byType(call.operands[2].dtype, [&](auto* of) {
      using T = Bare<decltype(arriving)>;
      const T* dy = static_cast<const T*>(call.operands[0].data);
      const auto* weight = static_cast<const Bare<decltype(of)>*>(call.operands[2].data);
      for (int64_t b = mine.begin; b < mine.end; ++b) {
        for (int64_t i = 0; i < size; ++i) sums[i] = 0;
        for (int64_t f = 0; f < filters; ++f) {
          const Peak peak = peakAt(s, index[b * filters + f]);
          const int64_t together = s.dilationWide == 1 ? peak.end - peak.first : 1;
          for (int64_t tap = peak.first; tap < peak.end; tap += together)
            addScaled(weight + (f * s.tapsWide + tap) * s.channels, toFloat(dy[b * filters + f]), sums + (peak.start + tap * s.dilationWide) * s.channels, together * s.channels);
        }
        T* out = static_cast<T*>(call.operands[3].data) + b * size;
        for (int64_t i = 0; i < size; i += Vf::lanes) storeUpTo(loadUpTo(sums + i, size - i), out + i, size - i);
      }
    });
  });
}
static GemmMemory convolutionInputGradientAtMemory(const Call& call, int) { return {static_cast<size_t>(call.p[2] * call.p[3]) * sizeof(float), 0}; }
static constexpr KernelEntry kConvolutionInputGradientAt{"convolutionInputGradientAt", convolutionInputGradientAt, convolutionInputGradientAtMemory};

}  // namespace octavo::OCTAVO_ISA
