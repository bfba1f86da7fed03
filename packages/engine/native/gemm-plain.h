#pragma once
namespace octavo::OCTAVO_ISA {
static inline float elementOf(const void* p, Type t, int64_t i) {
  if (t == Type::f32) return static_cast<const float*>(p)[i];
  if (t == Type::bf16) return toFloat(static_cast<const bf16*>(p)[i]);
  return toFloat(static_cast<const f16*>(p)[i]);
}
static GemmMemory gemmMemory(const Gemm& g, int, Form) { return {static_cast<size_t>(g.k * 8 * 4 + 64), static_cast<size_t>((g.n + 64) * (g.k + 1)) * 4}; }
static void gemm(const Worker& w, const Gemm& g, Form) {
  constexpr int L = Vf::lanes;
  const int64_t np = (g.n + L - 1) / L * L;
  float* b = static_cast<float*>(w.shared);
  const Range ks = share(w, g.k);
  for (int64_t p = ks.begin; p < ks.end; ++p)
    for (int64_t j = 0; j < np; ++j) b[p * np + j] = j < g.n ? elementOf(g.b, g.bType, g.bTransposed ? j * g.ldb + p : p * g.ldb + j) : 0.0f;
  w.barrier();
  const Range rows = share(w, g.m);
  for (int64_t i = rows.begin; i < rows.end; i += 4) {
    const int nr = static_cast<int>(rows.end - i < 4 ? rows.end - i : 4);
    float* a = static_cast<float*>(w.scratch);
    for (int64_t p = 0; p < g.k; ++p)
      for (int r = 0; r < 4; ++r) a[p * 4 + r] = r < nr ? elementOf(g.a, g.aType, g.aTransposed ? p * g.lda + i + r : (i + r) * g.lda + p) : 0.0f;
    for (int64_t j = 0; j < np; j += L) {
      Vf c[4] = {Vf::zero(), Vf::zero(), Vf::zero(), Vf::zero()};
      for (int64_t p = 0; p < g.k; ++p) {
        const Vf bv = Vf::load(b + p * np + j);
        for (int r = 0; r < 4; ++r) c[r] = fma(Vf::set1(a[p * 4 + r]), bv, c[r]);
      }
      for (int r = 0; r < nr; ++r) {
        float lane[L];
        (c[r] * Vf::set1(g.alpha)).store(lane);
        for (int q = 0; q < L && j + q < g.n; ++q) {
          const int64_t at = (i + r) * g.ldc + j + q;
          float v = lane[q];
          if (g.accumulate) v += elementOf(g.c, g.cType, at);
          if (g.bias) v += g.bias[j + q];
          const auto put = [&](void* to, float x) {
            if (g.cType == Type::f32) static_cast<float*>(to)[at] = x;
            else if (g.cType == Type::bf16) static_cast<bf16*>(to)[at] = toBf16(x);
            else static_cast<f16*>(to)[at] = toF16(x);
          };
          if (g.preActivation) put(g.preActivation, v);
          float t[L];
          const Vf x = Vf::set1(v);
          switch (g.activation) {
            case Activation::none: break;
            case Activation::relu: v = v < 0 ? 0 : v; break;
            case Activation::reluSquared: v = v < 0 ? 0 : v * v; break;
            case Activation::silu: (x * sigmoid(x)).store(t); v = t[0]; break;
            case Activation::gelu: (Vf::set1(0.5f) * x * (Vf::set1(1.0f) + erf(x * Vf::set1(0.70710678f)))).store(t); v = t[0]; break;
            case Activation::geluTanh: (Vf::set1(0.5f) * x * (Vf::set1(1.0f) + tanh(Vf::set1(0.79788456f) * (x + Vf::set1(0.044715f) * x * x * x)))).store(t); v = t[0]; break;
          }
          if (g.residual) v += elementOf(g.residual, g.cType, at);
          put(g.c, v);
        }
      }
    }
  }
  w.barrier();
}
}
