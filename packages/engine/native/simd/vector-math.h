// exp, log, tanh, erf and sigmoid of a Vf. Coefficients: minimax fits made for this file in 40-digit arithmetic.
// Greatest errors, held by simd/vector.test.cpp over all levels (units in the last place of the float32 result):
//   exp      2 ulp; 0 below −104, ∞ above 88.73, subnormal results rounded twice outside AVX-512 (3 ulp of them)
//   log      2 ulp, subnormals included; log 0 = −∞, of a negative number NaN
//   tanh     6 ulp, |tanh| ≤ 1
//   erf      7 ulp, |erf| ≤ 1
//   sigmoid  3 ulp down to −87; 0 below −88.73
// NaN gives NaN everywhere.
#pragma once

namespace octavo::OCTAVO_ISA {

static inline Vf clamp(Vf x, float lowest, float highest) {
  return max(Vf::set1(lowest), min(Vf::set1(highest), x));
}

// Σ cᵢ xⁱ by Horner's rule, coefficients from the constant up.
template <int count> static inline Vf polynomial(Vf x, const float (&c)[count]) {
  Vf value = Vf::set1(c[count - 1]);
#pragma GCC unroll 16
  for (int i = count - 2; i >= 0; i--) value = fma(value, x, Vf::set1(c[i]));
  return value;
}

// x = n ln 2 + r with |r| ≤ ln 2 / 2, so eˣ = 2ⁿ eʳ; ln 2 in two parts keeps r exact.
static inline Vf exp(Vf x) {
  static constexpr float c[] = {0.5f, 0.166665763f, 0.0416664667f, 0.00836317986f, 0.00139336509f};
  x = clamp(x, -104.5f, 89.0f);
  const Vf n = round(x * Vf::set1(1.44269504f));
  const Vf r = fma(n, Vf::set1(2.12194440e-4f), fma(n, Vf::set1(-0.693359375f), x));
  const Vf power = fma(r * r, polynomial(r, c), r) + Vf::set1(1.0f);
  return scaleByPowerOfTwo(power, n);
}

// x = 2ᵉ (1 + f) with 1 + f in [√½, √2): log x = e ln 2 + f − f²/2 + f³ P(f).
static inline Vf log(Vf x) {
  static constexpr float c[] = {0.333333313f, -0.249999896f, 0.200007081f, -0.166684806f, 0.142499372f,
                                -0.124110505f, 0.116615109f, -0.115712009f, 0.0714975372f};
  const Vm small = x < Vf::set1(0x1p-126f);
  const Vf normal = select(small, x * Vf::set1(0x1p24f), x);
  const Vi root = bitsOf(Vf::set1(0.707106781f));
  const Vi positive = bitsOf(normal) & 0x7fffffff;  // no overflow below; negative x is answered at the end
  const Vi exponent = (positive - root) >> 23;
  const Vf f = floatOf(positive - (exponent << 23)) - Vf::set1(1.0f);
  // The exponent as a float, without a conversion instruction: 1.5·2²³ + e has e in its low bits.
  const Vf shift = Vf::set1(0x1.8p23f);
  const Vf e = floatOf(bitsOf(shift) + exponent) - shift - select(small, Vf::set1(24.0f), Vf::zero());
  const Vf square = f * f;
  const Vf tail = fma(square * f, polynomial(f, c), fma(e, Vf::set1(-2.12194440e-4f), square * Vf::set1(-0.5f)));
  const Vf value = fma(e, Vf::set1(0.693359375f), f + tail);
  const Vf infinity = Vf::set1(__builtin_inff());
  const Vf special = select(x == Vf::zero(), -infinity, select(x == infinity, infinity, Vf::set1(__builtin_nanf(""))));
  return select((x > Vf::zero()) & (x < infinity), value, special);
}

// An odd rational function, x P(x²)/Q(x²); all its coefficients are positive, so nothing cancels.
static inline Vf tanh(Vf x) {
  static constexpr float p[] = {1.0f, 0.133797154f, 0.00349403149f, 2.05834349e-5f, 1.33190117e-8f};
  static constexpr float q[] = {1.0f, 0.467130303f, 0.0258710627f, 3.28308815e-4f, 7.76199386e-7f};
  const Vf t = clamp(x, -9.02f, 9.02f), s = t * t;
  return clamp(t * polynomial(s, p) / polynomial(s, q), -1.0f, 1.0f);
}

static inline Vf erf(Vf x) {
  static constexpr float p[] = {1.12837911f, 0.190594748f, 0.0527694337f, 0.00377259427f, 2.84844806e-4f, 2.04602338e-6f};
  static constexpr float q[] = {1.0f, 0.502242923f, 0.114183135f, 0.0149832852f, 0.00116386905f, 3.80478014e-5f};
  const Vf t = clamp(x, -3.925f, 3.925f), s = t * t;
  return clamp(t * polynomial(s, p) / polynomial(s, q), -1.0f, 1.0f);
}

static inline Vf sigmoid(Vf x) {
  const Vf one = Vf::set1(1.0f);
  return one / (one + exp(-x));
}

}  // namespace octavo::OCTAVO_ISA
