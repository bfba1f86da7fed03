// Holds simd/vector.h to double precision and to types.h, at the level this file is compiled for. Prints one line.
#include "activations.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

using namespace octavo;
namespace simd = octavo::OCTAVO_ISA;
using simd::Vf;

static int failures = 0;
static void expect(bool right, const char* what) {
  if (right) return;
  if (++failures < 20) printf("FAILED: %s\n", what);
}
static bool same(float a, float b) { return (a != a && b != b) || octavo::bitsOf(a) == octavo::bitsOf(b); }

static uint64_t state = 1;
static uint32_t random32() { state = state * 6364136223846793005u + 1442695040888963407u; return state >> 32; }

// Errors in units of the last place of the exact value, the subnormals' unit at least.
static double ulps(float got, double exact) {
  if (exact != exact) return got != got ? 0 : INFINITY;
  if (std::isinf(static_cast<float>(exact))) return got == static_cast<float>(exact) || got == std::copysign(3.4028235e38f, exact) ? 0 : INFINITY;
  int exponent;
  std::frexp(exact, &exponent);
  return std::fabs(got - exact) / std::ldexp(1.0, (exact == 0 || exponent < -125 ? -125 : exponent) - 24);
}

template <class F, class G> static double worst(const char* name, F vector, G exact, float low, float high, double limit) {
  double worstUlps = 0;
  float at = 0;
  const auto check = [&](const float* x) {
    float y[Vf::lanes];
    vector(Vf::load(x)).store(y);
    for (int i = 0; i < Vf::lanes; i++) {
      const double error = ulps(y[i], exact(static_cast<double>(x[i])));
      if (!(error <= worstUlps)) { worstUlps = error; at = x[i]; }
    }
  };
  for (int round = 0; round < 400000 / Vf::lanes; round++) {
    float x[Vf::lanes];
    for (float& value : x) {
      const float uniform = random32() * 0x1p-32f;
      value = low + (high - low) * uniform;
      if (random32() & 1) value *= std::exp2(-20 * (random32() * 0x1p-32f));  // near zero as well
      if (value < low) value = low;
    }
    check(x);
  }
  if (worstUlps > limit) { printf("%s: %.2f ulp at %.9g\n", name, worstUlps, at); expect(false, name); }
  return worstUlps;
}

template <class T> static void conversions() {
  for (uint32_t half = 0; half < 65536; half += Vf::lanes) {
    T in[Vf::lanes], out[Vf::lanes];
    float wide[Vf::lanes];
    for (int i = 0; i < Vf::lanes; i++) in[i].bits = static_cast<uint16_t>(half + i);
    Vf::load(in).store(wide);
    Vf::load(in).store(out);
    for (int i = 0; i < Vf::lanes; i++) {
      expect(same(wide[i], toFloat(in[i])), "widening");
      expect(wide[i] != wide[i] ? toFloat(out[i]) != toFloat(out[i]) : out[i].bits == in[i].bits, "a 16-bit value comes back");
    }
  }
  for (int round = 0; round < 400000; round++) {
    float x[Vf::lanes];
    T got[Vf::lanes];
    for (float& value : x) {
      uint32_t bits = random32();
      if (round & 1) bits = (bits & 0x8fffffff) | 0x30000000;  // the range of f16
      if (round & 2) bits = (bits & 0xfffff000) | (random32() & 3 ? 0 : 0x8000 >> (random32() & 3));  // ties
      value = octavo::floatOf(bits);
    }
    Vf::load(x).store(got);
    for (int i = 0; i < Vf::lanes; i++) {
      T exact;
      fromFloat(x[i], &exact);
      expect(x[i] != x[i] ? toFloat(got[i]) != toFloat(got[i]) : got[i].bits == exact.bits, "narrowing");
    }
  }
}

template <class T> static void tails() {
  for (int count = 0; count <= Vf::lanes; count++) {
    T* in = static_cast<T*>(malloc(sizeof(T) * count + !count));  // exact, so that a sanitizer sees reads beyond
    for (int i = 0; i < count; i++) fromFloat(static_cast<float>(i + 1), in + i);
    const Vf v = Vf::loadTail(in, count);
    float lanes[Vf::lanes];
    v.store(lanes);
    for (int i = 0; i < Vf::lanes; i++) expect(lanes[i] == (i < count ? i + 1 : 0), "loadTail");
    T out[Vf::lanes];
    for (T& value : out) fromFloat(-1.0f, &value);
    v.storeTail(out, count);
    for (int i = 0; i < Vf::lanes; i++) expect(toFloat(out[i]) == (i < count ? i + 1 : -1), "storeTail");
    free(in);
  }
}

// types.h itself, against arithmetic in double.
static void roundings() {
  for (int round = 0; round < 2000000; round++) {
    const float x = octavo::floatOf((random32() & 0x8fffffff) | (round & 1 ? 0x30000000 : 0x38000000));
    const uint16_t bits = toF16(x).bits;
    if ((bits & 0x7fff) >= 0x7c00) { expect(std::fabs(x) >= 65520 || x != x, "f16 overflow"); continue; }
    const double error = std::fabs(static_cast<double>(toFloat(f16{bits})) - x);
    for (int step = -1; step <= 1; step += 2) {
      const uint16_t next = static_cast<uint16_t>(bits + step);
      if ((next & 0x7fff) >= 0x7c00 || (bits & 0x7fff) == 0) continue;
      const double other = std::fabs(static_cast<double>(toFloat(f16{next})) - x);
      expect(error < other || (error == other && !(bits & 1)), "f16 to nearest even");
    }
  }
  expect(toBf16(3.14159265f).bits == 0x4049 && toBf16(0.1f).bits == 0x3dcd && toFloat(toBf16(65535.0f)) == 65536, "bf16 examples");
  expect(toF16(65504.0f).bits == 0x7bff && toF16(65520.0f).bits == 0x7c00 && toF16(0x1p-25f).bits == 0 && toF16(0x1.8p-24f).bits == 2, "f16 examples");
}

static void lanesAndMasks() {
  float x[Vf::lanes], total = 0;
  for (int i = 0; i < Vf::lanes; i++) total += x[i] = static_cast<float>((i * 7) % Vf::lanes) - 2;
  expect(simd::sum(Vf::load(x)) == total && simd::maximum(Vf::load(x)) == Vf::lanes - 3, "sum and maximum");
  Vf square[Vf::lanes];
  for (int i = 0; i < Vf::lanes; i++) {
    float row[Vf::lanes];
    for (int j = 0; j < Vf::lanes; j++) row[j] = static_cast<float>(i * 100 + j);
    square[i] = Vf::load(row);
  }
  simd::transpose(square);
  for (int i = 0; i < Vf::lanes; i++) {
    float row[Vf::lanes];
    square[i].store(row);
    for (int j = 0; j < Vf::lanes; j++) expect(row[j] == j * 100 + i, "transpose");
  }
  const Vf nan = Vf::set1(NAN), one = Vf::set1(1), two = Vf::set1(2);
  const auto lane = [](Vf v) { float out[Vf::lanes]; v.store(out); return out[Vf::lanes - 1]; };
  expect(lane(simd::min(one, nan)) != lane(simd::min(one, nan)) && lane(simd::max(nan, one)) == 1, "NaN in min and max");
  expect(simd::any(one < two) && !simd::any(two < one) && !simd::any(nan == nan) && simd::any(nan != nan) && simd::any(!(nan == nan)), "comparisons");
  expect(lane(simd::select((one < two) & (one != one), one, two)) == 2 && lane(simd::select((one >= two) | (one <= two), one, two)) == 1, "select");
  expect(lane(simd::sqrt(two)) == std::sqrt(2.0f) && lane(simd::abs(-two)) == 2 && lane(simd::round(Vf::set1(-2.5f))) == -2, "sqrt, abs, round");
  expect(lane(simd::fma(two, two, one)) == 5, "fma");
}

#define STRING(x) #x
#define NAME(x) STRING(x)

int main() {
  conversions<bf16>();
  conversions<f16>();
  tails<float>();
  tails<bf16>();
  tails<f16>();
  roundings();
  lanesAndMasks();
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const double e = worst("exp", [](Vf x) { return simd::exp(x); }, [](double x) { return std::exp(x); }, -87.3f, 88.72f, 2);
  const double es = worst("exp, subnormal", [](Vf x) { return simd::exp(x); }, [](double x) { return std::exp(x); }, -110, -87.3f, 3);
  const double l = worst("log", [](Vf x) { return simd::log(x); }, [](double x) { return std::log(x); }, 1e-40f, 3e38f, 2);
  const double l1 = worst("log near 1", [](Vf x) { return simd::log(x); }, [](double x) { return std::log(x); }, 0.5f, 2, 2);
  const double t = worst("tanh", [](Vf x) { return simd::tanh(x); }, [](double x) { return std::tanh(x); }, -12, 12, 6);
  const double r = worst("erf", [](Vf x) { return simd::erf(x); }, [](double x) { return std::erf(x); }, -6, 6, 7);
  const double s = worst("sigmoid", [](Vf x) { return simd::sigmoid(x); }, sigmoid, -87, 100, 3);
  const auto geluTanh = [](double x) { return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); };
  const double si = worst("silu", [](Vf x) { return simd::silu(x); }, [&](double x) { return x * sigmoid(x); }, -80, 100, 4);
  const double gt = worst("geluTanh", [](Vf x) { return simd::geluTanh(x); }, geluTanh, -3, 10, 16);
  double ge = 0;
  for (float x = -12; x < 12; x += 0.000137f) {
    float out[Vf::lanes], tails[Vf::lanes];
    simd::gelu(Vf::set1(x)).store(out);
    simd::geluTanh(Vf::set1(x)).store(tails);
    const double limit = std::fmax(std::fabs(x), 1.0);
    ge = std::fmax(ge, std::fabs(out[0] - 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)))) / limit);
    expect(std::fabs(tails[0] - geluTanh(x)) <= 4e-7 * limit, "geluTanh in the tails");
  }
  expect(ge <= 4e-7, "gelu");
  const float special[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-45f, -1, 1};
  for (const float x : special) {
    const auto check = [&](const char* name, Vf got, double exact) {
      float out[Vf::lanes];
      got.store(out);
      if (!(ulps(out[0], exact) <= 5)) { printf("%s(%g) = %g, not %g\n", name, x, out[0], exact); expect(false, name); }
    };
    check("exp", simd::exp(Vf::set1(x)), std::exp(static_cast<double>(x)));
    check("log", simd::log(Vf::set1(x)), std::log(static_cast<double>(x)));
    check("tanh", simd::tanh(Vf::set1(x)), std::tanh(static_cast<double>(x)));
    check("erf", simd::erf(Vf::set1(x)), std::erf(static_cast<double>(x)));
    check("sigmoid", simd::sigmoid(Vf::set1(x)), sigmoid(x));
  }
  printf("vector %s, %d lanes: exp %.2f (subnormal %.2f), log %.2f (near 1 %.2f), tanh %.2f, erf %.2f, sigmoid %.2f, silu %.2f, geluTanh %.2f ulp, gelu %.1e: %s\n",
         NAME(OCTAVO_ISA), Vf::lanes, e, es, l, l1, t, r, s, si, gt, ge, failures ? "FAILED" : "ok");
  return failures != 0;
}
