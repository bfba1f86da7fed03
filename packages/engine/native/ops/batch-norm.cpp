// Batch normalisation over the rows of [n, C], and its gradient.  p: n, C, ε.
// Sums run over fixed blocks of rows in float32, across them in float64, so bits do not depend on the number of threads.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kBatchRows = 64;

static inline int64_t batchBlocks(int64_t rows) { return larger(1, (rows + kBatchRows - 1) / kBatchRows); }
// Two sums a block and channel, then two numbers a channel.
static GemmMemory batchNormMemory(const Call& call, int) {
  return {0, static_cast<size_t>((batchBlocks(call.p[0]) + 1) * 2 * call.p[1]) * sizeof(float)};
}

// sums[block][0, 1][c] ← Σ over the block's rows of what `of(row, c, lanes)` gives, as a pair.
template <class F> static void blockSums(const Worker& worker, int64_t rows, int64_t channels, float* sums, F of) {
  const Range units = share(worker, batchBlocks(rows));
  for (int64_t block = units.begin; block < units.end; ++block)
    for (int64_t c = 0; c < channels; c += Vf::lanes) {
      Vf first = Vf::zero(), second = Vf::zero();
      for (int64_t r = block * kBatchRows; r < smaller(rows, (block + 1) * kBatchRows); ++r) of(r, c, channels - c, first, second);
      storeUpTo(first, sums + 2 * block * channels + c, channels - c);
      storeUpTo(second, sums + (2 * block + 1) * channels + c, channels - c);
    }
  worker.barrier();
}
static inline double totalOf(const float* sums, int64_t blocks, int64_t channels, int64_t which, int64_t c) {
  double total = 0;
  for (int64_t block = 0; block < blocks; ++block) total += sums[(2 * block + which) * channels + c];
  return total;
}

static void batchNorm(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], channels = call.p[1], blocks = batchBlocks(rows);
  const Operand &x = call.operands[0], &y = call.operands[3];
  const float* bias = static_cast<const float*>(call.operands[2].data);
  float* sums = static_cast<float*>(worker.shared);
  float *means = sums + 2 * blocks * channels, *factors = means + channels;
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    const T* in = static_cast<const T*>(x.data);
    // About the first row, so that a mean far from 0 takes nothing from the variance.
    blockSums(worker, rows, channels, sums, [&](int64_t r, int64_t c, int64_t left, Vf& first, Vf& second) {
      const Vf v = loadUpTo(in + r * channels + c, left) - loadUpTo(in + c, left);
      first = first + v;
      second = fma(v, v, second);
    });
    const Range mine = share(worker, channels);
    for (int64_t c = mine.begin; c < mine.end; ++c) {
      const double n = static_cast<double>(larger(1, rows)), first = totalOf(sums, blocks, channels, 0, c) / n;
      const double spread = totalOf(sums, blocks, channels, 1, c) / n - first * first, variance = spread < 0 ? 0 : spread;
      const float mean = rows == 0 ? 0.0f : static_cast<float>(toFloat(in[c]) + first);
      const float scale = static_cast<float>(1.0 / __builtin_sqrt(variance + call.p[2]));
      means[c] = mean;
      factors[c] = scale * static_cast<const float*>(call.operands[1].data)[c];
      if (call.operands[4].data != nullptr) static_cast<float*>(call.operands[4].data)[c] = mean;
      if (call.operands[5].data != nullptr) static_cast<float*>(call.operands[5].data)[c] = scale;
      if (call.operands[6].data != nullptr) static_cast<float*>(call.operands[6].data)[c] = static_cast<float>(variance);
    }
    worker.barrier();
    const Range units = share(worker, rows);
    for (int64_t r = units.begin; r < units.end; ++r)
      for (int64_t c = 0; c < channels; c += Vf::lanes) {
        const int64_t left = channels - c;
        const Vf centred = loadUpTo(in + r * channels + c, left) - loadUpTo(means + c, left);
        storeUpTo(fma(centred, loadUpTo(factors + c, left), loadUpTo(bias + c, left)), static_cast<T*>(y.data) + r * channels + c, left);
      }
  });
}
static constexpr KernelEntry kBatchNorm{"batchNorm", batchNorm, batchNormMemory};

static void batchNormGradient(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], channels = call.p[1], blocks = batchBlocks(rows);
  const Operand &x = call.operands[0], &dy = call.operands[4], &dx = call.operands[5];
  const float *gain = static_cast<const float*>(call.operands[1].data), *mean = static_cast<const float*>(call.operands[2].data), *scale = static_cast<const float*>(call.operands[3].data);
  float* sums = static_cast<float*>(worker.shared);
  float *gains = sums + 2 * blocks * channels, *biases = gains + channels;
  byType(x.dtype, [&](auto* of) {
    byType(dy.dtype, [&](auto* arriving) {
      using T = Bare<decltype(of)>;
      const T* in = static_cast<const T*>(x.data);
      const auto* upstream = static_cast<const Bare<decltype(arriving)>*>(dy.data);
      const auto normal = [&](int64_t r, int64_t c, int64_t left) { return (loadUpTo(in + r * channels + c, left) - loadUpTo(mean + c, left)) * loadUpTo(scale + c, left); };
      blockSums(worker, rows, channels, sums, [&](int64_t r, int64_t c, int64_t left, Vf& first, Vf& second) {
        const Vf v = loadUpTo(upstream + r * channels + c, left);
        first = fma(v, normal(r, c, left), first);
        second = second + v;
      });
      const Range mine = share(worker, channels);
      for (int64_t c = mine.begin; c < mine.end; ++c) {
        gains[c] = static_cast<float>(totalOf(sums, blocks, channels, 0, c));
        biases[c] = static_cast<float>(totalOf(sums, blocks, channels, 1, c));
        if (call.operands[6].data != nullptr) static_cast<float*>(call.operands[6].data)[c] = gains[c];
        if (call.operands[7].data != nullptr) static_cast<float*>(call.operands[7].data)[c] = biases[c];
      }
      worker.barrier();
      const Vf share1 = Vf::set1(1.0f / static_cast<float>(larger(1, rows)));
      const Range units = share(worker, rows);
      for (int64_t r = units.begin; r < units.end; ++r)
        for (int64_t c = 0; c < channels; c += Vf::lanes) {
          const int64_t left = channels - c;
          const Vf mean1 = loadUpTo(biases + c, left) * share1, along = normal(r, c, left) * loadUpTo(gains + c, left) * share1;
          const Vf v = loadUpTo(upstream + r * channels + c, left) - mean1 - along;
          storeUpTo(v * loadUpTo(gain + c, left) * loadUpTo(scale + c, left), static_cast<T*>(dx.data) + r * channels + c, left);
        }
    });
  });
}
static constexpr KernelEntry kBatchNormGradient{"batchNormGradient", batchNormGradient, batchNormMemory};

}  // namespace octavo::OCTAVO_ISA
