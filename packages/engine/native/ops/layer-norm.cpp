// y = (x − mean) / √(var + ε) ⊙ gain + bias a row.  p: rows, n, ε.  Cut into whole rows.
namespace octavo::OCTAVO_ISA {

static void layerNorm(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], n = call.p[1];
  const float epsilon = static_cast<float>(call.p[2]);
  const Operand &x = call.operands[0], &y = call.operands[3];
  const float* gain = static_cast<const float*>(call.operands[1].data);
  const float* bias = static_cast<const float*>(call.operands[2].data);
  float* means = static_cast<float*>(call.operands[4].data);
  float* scales = static_cast<float*>(call.operands[5].data);
  const Range units = share(worker, rows);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t r = units.begin; r < units.end; ++r) {
      const T* in = static_cast<const T*>(x.data) + r * n;
      T* out = static_cast<T*>(y.data) + r * n;
      Vf total = Vf::zero();
      for (int64_t i = 0; i < n; i += Vf::lanes) total = total + loadUpTo(in + i, n - i);
      const float mean = sum(total) / static_cast<float>(n);
      float variance = 0;
      Vf squares = Vf::zero();
      int64_t i = 0;
      for (; i + Vf::lanes <= n; i += Vf::lanes) {
        const Vf v = Vf::load(in + i) - Vf::set1(mean);
        squares = fma(v, v, squares);
      }
      variance = sum(squares);
      if (i < n) {
        float lane[Vf::lanes];
        Vf::loadTail(in + i, static_cast<int>(n - i)).store(lane);
        for (int64_t k = 0; k < n - i; ++k) variance += (lane[k] - mean) * (lane[k] - mean);
      }
      const float scale = 1.0f / __builtin_sqrtf(variance / static_cast<float>(n) + epsilon);
      if (means != nullptr) means[r] = mean;
      if (scales != nullptr) scales[r] = scale;
      for (i = 0; i < n; i += Vf::lanes) {
        Vf v = (loadUpTo(in + i, n - i) - Vf::set1(mean)) * Vf::set1(scale) * loadUpTo(gain + i, n - i);
        if (bias != nullptr) v = v + loadUpTo(bias + i, n - i);
        storeUpTo(v, out + i, n - i);
      }
    }
  });
}
static constexpr KernelEntry kLayerNorm{"layerNorm", layerNorm, nullptr};

}  // namespace octavo::OCTAVO_ISA
