// y = x / √(mean x² + ε) ⊙ gain a row.  p: rows, n, ε.  Cut into whole rows.
namespace octavo::OCTAVO_ISA {

static void rmsNorm(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], n = call.p[1];
  const float epsilon = static_cast<float>(call.p[2]);
  const Operand &x = call.operands[0], &y = call.operands[2];
  const float* gain = static_cast<const float*>(call.operands[1].data);
  float* scales = static_cast<float*>(call.operands[3].data);
  const Range units = share(worker, rows);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t r = units.begin; r < units.end; ++r) {
      const T* in = static_cast<const T*>(x.data) + r * n;
      T* out = static_cast<T*>(y.data) + r * n;
      Vf squares = Vf::zero();
      for (int64_t i = 0; i < n; i += Vf::lanes) {
        const Vf v = loadUpTo(in + i, n - i);
        squares = fma(v, v, squares);
      }
      const float scale = 1.0f / __builtin_sqrtf(sum(squares) / static_cast<float>(n) + epsilon);
      if (scales != nullptr) scales[r] = scale;
      for (int64_t i = 0; i < n; i += Vf::lanes) storeUpTo(loadUpTo(in + i, n - i) * Vf::set1(scale) * loadUpTo(gain + i, n - i), out + i, n - i);
    }
  });
}
static constexpr KernelEntry kRmsNorm{"rmsNorm", rmsNorm, nullptr};

}  // namespace octavo::OCTAVO_ISA
