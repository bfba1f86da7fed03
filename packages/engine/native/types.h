// The 16-bit storage types and their conversions, one value at a time. simd/vector.h has the same in vectors.
#pragma once
#include <cstdint>
#include <cstring>

namespace octavo {

struct bf16 { uint16_t bits; };  // 8 exponent bits, 7 of fraction: the upper half of a float32
struct f16 { uint16_t bits; };   // IEEE binary16

static inline uint32_t bitsOf(float value) { uint32_t bits; memcpy(&bits, &value, 4); return bits; }
static inline float floatOf(uint32_t bits) { float value; memcpy(&value, &bits, 4); return value; }

static inline float toFloat(float value) { return value; }
static inline float toFloat(bf16 value) { return floatOf(static_cast<uint32_t>(value.bits) << 16); }
static inline float toFloat(f16 value) {
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000) << 16;
  const uint32_t exponent = (value.bits >> 10) & 31, fraction = value.bits & 1023;
  if (exponent == 31) return floatOf(sign | 0x7f800000 | (fraction ? 0x400000 | fraction << 13 : 0));
  if (exponent == 0) return floatOf(sign | bitsOf(static_cast<float>(fraction) * 0x1p-24f));
  return floatOf(sign | (exponent + 112) << 23 | fraction << 13);
}

// To nearest, ties to even; a NaN stays a (quiet) NaN.
static inline bf16 toBf16(float value) {
  const uint32_t bits = bitsOf(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

static inline f16 toF16(float value) {
  const uint32_t bits = bitsOf(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return {static_cast<uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff))};
  if (magnitude >= 0x47800000) return {static_cast<uint16_t>(sign | 0x7c00)};
  if (magnitude < 0x38800000) {  // subnormal: adding 0.5 leaves steps of 2⁻²⁴ in the low bits, rounded by the adder
    const uint32_t steps = bitsOf(floatOf(magnitude) + 0.5f) - bitsOf(0.5f);
    return {static_cast<uint16_t>(sign | steps)};
  }
  const uint32_t rebased = magnitude - 0x38000000;
  return {static_cast<uint16_t>(sign | (rebased + 0xfff + (rebased >> 13 & 1)) >> 13)};
}

static inline void fromFloat(float value, float* to) { *to = value; }
static inline void fromFloat(float value, bf16* to) { *to = toBf16(value); }
static inline void fromFloat(float value, f16* to) { *to = toF16(value); }

}  // namespace octavo
