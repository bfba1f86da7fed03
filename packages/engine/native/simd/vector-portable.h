// Vf in GCC's vector extension: SSE2 on any x86-64, NEON on arm64. See vector.h.
#pragma once

namespace octavo::OCTAVO_ISA {

typedef int32_t Vi __attribute__((vector_size(16)));
typedef float RawFloats __attribute__((vector_size(16)));
struct Vm { Vi bits; };

struct Vf {
  static constexpr int lanes = 4;
  RawFloats v;

  static Vf zero() { return {RawFloats{0, 0, 0, 0}}; }
  static Vf set1(float x) { return {RawFloats{x, x, x, x}}; }

  static Vf load(const float* p) { Vf r; memcpy(&r.v, p, 16); return r; }
  static Vf load(const bf16* p) { return {RawFloats{toFloat(p[0]), toFloat(p[1]), toFloat(p[2]), toFloat(p[3])}}; }
  static Vf load(const f16* p) { return {RawFloats{toFloat(p[0]), toFloat(p[1]), toFloat(p[2]), toFloat(p[3])}}; }
  template <class T> static Vf loadTail(const T* p, int count) {
    float values[4] = {0, 0, 0, 0};
    for (int i = 0; i < count; i++) values[i] = toFloat(p[i]);
    return load(values);
  }

  void store(float* p) const { memcpy(p, &v, 16); }
  void store(bf16* p) const { storeTail(p, 4); }
  void store(f16* p) const { storeTail(p, 4); }
  template <class T> void storeTail(T* p, int count) const {
    for (int i = 0; i < count; i++) fromFloat(v[i], p + i);
  }
};

static inline Vi bitsOf(Vf a) { return reinterpret_cast<Vi>(a.v); }
static inline Vf floatOf(Vi a) { return {reinterpret_cast<RawFloats>(a)}; }

static inline Vf operator+(Vf a, Vf b) { return {a.v + b.v}; }
static inline Vf operator-(Vf a, Vf b) { return {a.v - b.v}; }
static inline Vf operator*(Vf a, Vf b) { return {a.v * b.v}; }
static inline Vf operator/(Vf a, Vf b) { return {a.v / b.v}; }
static inline Vf operator-(Vf a) { return {-a.v}; }
static inline Vf fma(Vf a, Vf b, Vf c) { return {a.v * b.v + c.v}; }

static inline Vm operator<(Vf a, Vf b) { return {a.v < b.v}; }
static inline Vm operator<=(Vf a, Vf b) { return {a.v <= b.v}; }
static inline Vm operator>(Vf a, Vf b) { return {a.v > b.v}; }
static inline Vm operator>=(Vf a, Vf b) { return {a.v >= b.v}; }
static inline Vm operator==(Vf a, Vf b) { return {a.v == b.v}; }
static inline Vm operator!=(Vf a, Vf b) { return {a.v != b.v}; }
static inline Vm operator&(Vm a, Vm b) { return {a.bits & b.bits}; }
static inline Vm operator|(Vm a, Vm b) { return {a.bits | b.bits}; }
static inline Vm operator!(Vm a) { return {~a.bits}; }
static inline bool any(Vm a) { return (a.bits[0] | a.bits[1] | a.bits[2] | a.bits[3]) != 0; }
static inline Vf select(Vm mask, Vf a, Vf b) { return floatOf((bitsOf(a) & mask.bits) | (bitsOf(b) & ~mask.bits)); }

static inline Vf min(Vf a, Vf b) { return select(a < b, a, b); }
static inline Vf max(Vf a, Vf b) { return select(a > b, a, b); }
static inline Vf sqrt(Vf a) {
  return {RawFloats{__builtin_sqrtf(a.v[0]), __builtin_sqrtf(a.v[1]), __builtin_sqrtf(a.v[2]), __builtin_sqrtf(a.v[3])}};
}
static inline Vf abs(Vf a) { return floatOf(bitsOf(a) & 0x7fffffff); }
static inline Vf round(Vf a) {  // the adder rounds when no bits below one are left; NaN passes
  const RawFloats shift = Vf::set1(0x1.8p23f).v;
  return {a.v + shift - shift};
}

static inline Vf scaleByPowerOfTwo(Vf x, Vf n) {  // |n| < 2²²; in two halves, so that each factor is a normal number
  const Vi whole = bitsOf(n + Vf::set1(0x1.8p23f)) - bitsOf(Vf::set1(0x1.8p23f)), half = whole >> 1;
  return x * floatOf((half + 127) << 23) * floatOf((whole - half + 127) << 23);
}

static inline float sum(Vf a) { return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]); }
static inline float maximum(Vf a) {
  const float even = a.v[0] > a.v[2] ? a.v[0] : a.v[2], odd = a.v[1] > a.v[3] ? a.v[1] : a.v[3];
  return even > odd ? even : odd;
}

static inline void transpose(Vf (&r)[4]) {
  const RawFloats a = r[0].v, b = r[1].v, c = r[2].v, d = r[3].v;
  r[0].v = RawFloats{a[0], b[0], c[0], d[0]};
  r[1].v = RawFloats{a[1], b[1], c[1], d[1]};
  r[2].v = RawFloats{a[2], b[2], c[2], d[2]};
  r[3].v = RawFloats{a[3], b[3], c[3], d[3]};
}

}  // namespace octavo::OCTAVO_ISA
