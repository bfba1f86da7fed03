// The activations of gemm.h over Vf; the same code serves the fused epilogue and the elementwise kernels.
// relu and reluSquared are exact and keep NaN. silu: 4 ulp for x > −80. geluTanh: 16 ulp (1e-6 relative)
// for x > −3, and like gelu within 4e-7 · max(|x|, 1) everywhere. Held by simd/vector.test.cpp.
#pragma once
#include "vector.h"
#include "../gemm.h"

namespace octavo::OCTAVO_ISA {

static inline Vf relu(Vf x) { return max(Vf::zero(), x); }
static inline Vf reluSquared(Vf x) { const Vf y = relu(x); return y * y; }
static inline Vf silu(Vf x) { return x * sigmoid(x); }
static inline Vf gelu(Vf x) {
  const Vf half = x * Vf::set1(0.5f);
  return fma(half, erf(x * Vf::set1(0.707106781f)), half);
}
// x/2 (1 + tanh u) = x sigmoid(2u) with u = √(2/π) (x + 0.044715 x³).
static inline Vf geluTanh(Vf x) {
  const Vf cubic = fma(x * x, Vf::set1(2 * 0.797884561f * 0.044715f), Vf::set1(2 * 0.797884561f));
  return x * sigmoid(x * cubic);
}

// Their derivatives, for the backward pass: of what the activation saw, which is kept; its result is not.
static inline Vf siluDerivative(Vf x) {
  const Vf one = Vf::set1(1.0f), s = sigmoid(x);
  return s * fma(x, one - s, one);
}
static inline Vf geluDerivative(Vf x) {
  const Vf half = Vf::set1(0.5f), below = fma(half, erf(x * Vf::set1(0.707106781f)), half);
  return fma(x * Vf::set1(0.398942280f), exp(x * x * Vf::set1(-0.5f)), below);
}
// Beyond ±12 it is exactly 0 or 1, and the square of a large x would be infinite.
static inline Vf geluTanhDerivative(Vf x) {
  const Vf one = Vf::set1(1.0f), slope = Vf::set1(2 * 0.797884561f), t = clamp(x, -12.0f, 12.0f), square = t * t;
  const Vf s = sigmoid(t * slope * fma(square, Vf::set1(0.044715f), one));
  const Vf rise = slope * fma(square, Vf::set1(3 * 0.044715f), one);
  return fma(x, s * (one - s) * rise, s);
}

// values ← activation(values); count is a multiple of Vf::lanes.
static inline void activate(Activation activation, float* values, int64_t count) {
  switch (activation) {
    case Activation::none: return;
    case Activation::relu: for (int64_t i = 0; i < count; i += Vf::lanes) relu(Vf::load(values + i)).store(values + i); return;
    case Activation::reluSquared: for (int64_t i = 0; i < count; i += Vf::lanes) reluSquared(Vf::load(values + i)).store(values + i); return;
    case Activation::gelu: for (int64_t i = 0; i < count; i += Vf::lanes) gelu(Vf::load(values + i)).store(values + i); return;
    case Activation::geluTanh: for (int64_t i = 0; i < count; i += Vf::lanes) geluTanh(Vf::load(values + i)).store(values + i); return;
    case Activation::silu: for (int64_t i = 0; i < count; i += Vf::lanes) silu(Vf::load(values + i)).store(values + i); return;
  }
}

}  // namespace octavo::OCTAVO_ISA
