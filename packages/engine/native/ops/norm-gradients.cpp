// Backward passes of rmsNorm and layerNorm.  p: rows, n.
// Gains' gradients are summed over fixed blocks of rows, then over blocks in order: the same for any number of threads.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kNormRows = 128;

// CENTRED: layerNorm, which also has a mean and a bias.
template <bool CENTRED, class T>
static void normGradient(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], n = call.p[1];
  const Operand* o = call.operands;
  const T* x = static_cast<const T*>(o[0].data);
  const float* gain = static_cast<const float*>(o[1].data);
  const float* means = CENTRED ? static_cast<const float*>(o[2].data) : nullptr;
  const float* scales = static_cast<const float*>(o[CENTRED ? 3 : 2].data);
  const T* dy = static_cast<const T*>(o[CENTRED ? 4 : 3].data);
  T* dx = static_cast<T*>(o[CENTRED ? 5 : 4].data);
  float* dgain = static_cast<float*>(o[CENTRED ? 6 : 5].data);
  float* dbias = CENTRED ? static_cast<float*>(o[7].data) : nullptr;
  const int64_t blocks = (rows + kNormRows - 1) / kNormRows;
  float* partial = static_cast<float*>(worker.shared);  // [blocks, 1 or 2, n]
  const int64_t width = CENTRED ? 2 * n : n;
  const float share1 = 1.0f / static_cast<float>(n);
  const Range units = share(worker, blocks);
  for (int64_t b = units.begin; b < units.end; ++b) {
    float* sums = partial + b * width;
    for (int64_t i = 0; i < width; ++i) sums[i] = 0;
    for (int64_t r = b * kNormRows; r < smaller(rows, (b + 1) * kNormRows); ++r) {
      const Vf scale = Vf::set1(scales[r]), mean = Vf::set1(CENTRED ? means[r] : 0.0f);
      Vf total = Vf::zero(), along = Vf::zero();
      for (int64_t i = 0; i < n; i += Vf::lanes) {
        const Vf g = loadUpTo(dy + r * n + i, n - i), hat = (loadUpTo(x + r * n + i, n - i) - mean) * scale, weighted = g * loadUpTo(gain + i, n - i);
        if (CENTRED) total = total + weighted;
        along = fma(weighted, hat, along);
        storeUpTo(fma(g, hat, loadUpTo(sums + i, n - i)), sums + i, n - i);
        if (CENTRED) storeUpTo(g + loadUpTo(sums + n + i, n - i), sums + n + i, n - i);
      }
      const Vf meanAlong = Vf::set1(sum(along) * share1), meanTotal = Vf::set1(CENTRED ? sum(total) * share1 : 0.0f);
      if (dx == nullptr) continue;
      for (int64_t i = 0; i < n; i += Vf::lanes) {
        const Vf hat = (loadUpTo(x + r * n + i, n - i) - mean) * scale;
        const Vf weighted = loadUpTo(dy + r * n + i, n - i) * loadUpTo(gain + i, n - i);
        storeUpTo(scale * (weighted - meanTotal - hat * meanAlong), dx + r * n + i, n - i);
      }
    }
  }
  worker.barrier();
  const Range columns = share(worker, n);
  for (int64_t i = columns.begin; i < columns.end; ++i) {
    float first = 0, second = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      first += partial[b * width + i];
      if (CENTRED) second += partial[b * width + n + i];
    }
    if (dgain != nullptr) dgain[i] = first;
    if (dbias != nullptr) dbias[i] = second;
  }
}

static void rmsNormGradient(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { normGradient<false, Bare<decltype(tag)>>(call, worker); });
}
static void layerNormGradient(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { normGradient<true, Bare<decltype(tag)>>(call, worker); });
}
static GemmMemory normGradientMemory(const Call& call, int) {
  return {0, static_cast<size_t>((static_cast<int64_t>(call.p[0]) + kNormRows - 1) / kNormRows * 2 * static_cast<int64_t>(call.p[1])) * sizeof(float)};
}
static constexpr KernelEntry kRmsNormGradient{"rmsNormGradient", rmsNormGradient, normGradientMemory};
static constexpr KernelEntry kLayerNormGradient{"layerNormGradient", layerNormGradient, normGradientMemory};

}  // namespace octavo::OCTAVO_ISA
