// Convolutions of each channel by itself, and what all kernels over windows share: their sizes.
namespace octavo::OCTAVO_ISA {

// p: batch, height, width, channels, outHeight, outWidth, tapsHigh, tapsWide, stride (2), dilation (2), padding (top, left),
// and for convolutions filters, groups, activation.
struct WindowShape {
  int64_t batch, height, width, channels, outHeight, outWidth, tapsHigh, tapsWide, strideHigh, strideWide, dilationHigh, dilationWide, top, left;
  explicit WindowShape(const double* p)
      : batch(p[0]), height(p[1]), width(p[2]), channels(p[3]), outHeight(p[4]), outWidth(p[5]), tapsHigh(p[6]), tapsWide(p[7]),
        strideHigh(p[8]), strideWide(p[9]), dilationHigh(p[10]), dilationWide(p[11]), top(p[12]), left(p[13]) {}
  int64_t taps() const { return tapsHigh * tapsWide; }
  int64_t positions() const { return batch * outHeight * outWidth; }
  // Windows over x, one an output position.
  Windows forward(int64_t taken) const {
    return {height, width, channels, outHeight, outWidth, tapsHigh, tapsWide, taken, strideHigh, strideWide, dilationHigh, dilationWide, -top, -left, 1, 1};
  }
  // Windows over dy, one a position of x: what reads that position.
  Windows backward(int64_t filters, int64_t taken) const {
    return {outHeight, outWidth, filters, height, width, tapsHigh, tapsWide, taken, 1, 1, -dilationHigh, -dilationWide, top, left, strideHigh, strideWide};
  }
};

static constexpr int kDepthVectors = 4;
static constexpr int64_t kDepthRows = 8;  // rows of output positions whose partial sums of the weight gradient are one block

// Tap by tap in memory, so that lanes are channels: turned[tap, c] ← weight[c, tap].
template <class T> static void turnTaps(const Worker& worker, const T* weight, int64_t channels, int64_t taps, float* turned) {
  const Range mine = share(worker, channels);
  for (int64_t c = mine.begin; c < mine.end; ++c)
    for (int64_t tap = 0; tap < taps; ++tap) turned[tap * channels + c] = toFloat(weight[c * taps + tap]);
  worker.barrier();
}

struct Epilogue { const float* bias; Activation activation; void *residual, *pre; };

// y[position, c] = Σ x[tap, c] weight[tap, c].  Cut into rows of positions.
template <class T> static void depthwise(const Worker& worker, const Windows& w, int64_t batch, const T* x, const float* turned, const Epilogue& end, T* y) {
  const int64_t channels = w.channels;
  const Range units = share(worker, batch * w.outHeight);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t b = unit / w.outHeight, i = unit % w.outHeight;
    const T* image = x + b * w.height * w.width * channels;
    for (int64_t j = 0; j < w.outWidth; ++j) {
      const int64_t at = (unit * w.outWidth + j) * channels;
      for (int64_t c0 = 0; c0 < channels; c0 += kDepthVectors * Vf::lanes) {
        const int64_t left = channels - c0;
        Vf sums[kDepthVectors];
        for (int v = 0; v < kDepthVectors; ++v)
          sums[v] = end.bias != nullptr && left > v * Vf::lanes ? loadUpTo(end.bias + c0 + v * Vf::lanes, left - v * Vf::lanes) : Vf::zero();
        for (int64_t u = 0; u < w.tapsHigh; ++u) {
          const int64_t h = positionOf(i * w.stepHigh + u * w.tapHigh + w.startHigh, w.everyHigh, w.height);
          if (h < 0) continue;
          for (int64_t s = 0; s < w.tapsWide; ++s) {
            const int64_t column = positionOf(j * w.stepWide + s * w.tapWide + w.startWide, w.everyWide, w.width);
            if (column < 0) continue;
            const T* in = image + (h * w.width + column) * channels + c0;
            const float* by = turned + (u * w.tapsWide + s) * channels + c0;
            for (int v = 0; v < kDepthVectors && v * Vf::lanes < left; ++v)
              sums[v] = fma(loadUpTo(in + v * Vf::lanes, left - v * Vf::lanes), loadUpTo(by + v * Vf::lanes, left - v * Vf::lanes), sums[v]);
          }
        }
        for (int v = 0; v < kDepthVectors && v * Vf::lanes < left; ++v) {
          const int64_t c = at + c0 + v * Vf::lanes, count = left - v * Vf::lanes;
          if (end.pre != nullptr) storeUpTo(sums[v], static_cast<T*>(end.pre) + c, count);
          if (end.activation != Activation::none) {
            alignas(64) float lanes[Vf::lanes];
            sums[v].store(lanes);
            activate(end.activation, lanes, Vf::lanes);
            sums[v] = Vf::load(lanes);
          }
          if (end.residual != nullptr) sums[v] = sums[v] + loadUpTo(static_cast<const T*>(end.residual) + c, count);
          storeUpTo(sums[v], y + c, count);
        }
      }
    }
  }
}

static inline int64_t depthBlocks(const WindowShape& s) { return larger(1, (s.batch * s.outHeight + kDepthRows - 1) / kDepthRows); }

// dweight[c, tap] = Σ dy[position, c] x[tap, c]: partial sums of blocks of rows, added in order.
template <class T> static void depthwiseWeightGradient(const Worker& worker, const WindowShape& s, const T* x, const T* dy, float* dweight) {
  const Windows w = s.forward(1);
  const int64_t channels = s.channels, taps = s.taps(), blocks = depthBlocks(s);
  float* partial = static_cast<float*>(worker.shared);  // [blocks, taps, channels]
  const Range units = share(worker, blocks);
  for (int64_t block = units.begin; block < units.end; ++block) {
    float* sums = partial + block * taps * channels;
    __builtin_memset(sums, 0, static_cast<size_t>(taps * channels) * sizeof(float));
    for (int64_t row = block * kDepthRows; row < smaller((block + 1) * kDepthRows, s.batch * s.outHeight); ++row)
      for (int64_t j = 0; j < s.outWidth; ++j)
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int64_t h = positionOf(row % s.outHeight * w.stepHigh + tap / s.tapsWide * w.tapHigh + w.startHigh, 1, s.height);
          const int64_t column = positionOf(j * w.stepWide + tap % s.tapsWide * w.tapWide + w.startWide, 1, s.width);
          if (h < 0 || column < 0) continue;
          const T* in = x + ((row / s.outHeight * s.height + h) * s.width + column) * channels;
          const T* by = dy + (row * s.outWidth + j) * channels;
          float* to = sums + tap * channels;
          for (int64_t c = 0; c < channels; c += Vf::lanes)
            storeUpTo(fma(loadUpTo(in + c, channels - c), loadUpTo(by + c, channels - c), loadUpTo(to + c, channels - c)), to + c, channels - c);
        }
  }
  worker.barrier();
  const Range mine = share(worker, channels);
  for (int64_t c = mine.begin; c < mine.end; ++c)
    for (int64_t tap = 0; tap < taps; ++tap) {
      double total = 0;
      for (int64_t block = 0; block < blocks; ++block) total += partial[(block * taps + tap) * channels + c];
      dweight[c * taps + tap] = static_cast<float>(total);
    }
}

}  // namespace octavo::OCTAVO_ISA
