// Vf on AVX2, FMA and F16C. See vector.h.
#pragma once
#include <immintrin.h>

namespace octavo::OCTAVO_ISA {

typedef int32_t Vi __attribute__((vector_size(32)));
struct Vm { __m256 bits; };

static inline __m256i firstLanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

struct Vf {
  static constexpr int lanes = 8;
  __m256 v;

  static Vf zero() { return {_mm256_setzero_ps()}; }
  static Vf set1(float x) { return {_mm256_set1_ps(x)}; }
  static Vf widen(__m128i half, bf16) { return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16))}; }
  static Vf widen(__m128i half, f16) { return {_mm256_cvtph_ps(half)}; }
  static __m128i narrow(Vf x, f16) { return _mm256_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static __m128i narrow(Vf x, bf16) {
    const __m256i bits = _mm256_castps_si256(x.v), upper = _mm256_srli_epi32(bits, 16);
    const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd), 16);
    const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
    const __m256i isNaN = _mm256_castps_si256(_mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q));
    const __m256i words = _mm256_blendv_epi8(rounded, quiet, isNaN);
    return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  }

  static Vf load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static Vf load(const bf16* p) { return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), bf16()); }
  static Vf load(const f16* p) { return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), f16()); }
  static Vf loadTail(const float* p, int count) { return {_mm256_maskload_ps(p, firstLanes(count))}; }
  static Vf loadTail(const bf16* p, int count) { return widen(loadHalves(p, count), bf16()); }
  static Vf loadTail(const f16* p, int count) { return widen(loadHalves(p, count), f16()); }

  void store(float* p) const { _mm256_storeu_ps(p, v); }
  void store(bf16* p) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow(*this, bf16())); }
  void store(f16* p) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow(*this, f16())); }
  void storeTail(float* p, int count) const { _mm256_maskstore_ps(p, firstLanes(count), v); }
  void storeTail(bf16* p, int count) const { storeHalves(p, count, narrow(*this, bf16())); }
  void storeTail(f16* p, int count) const { storeHalves(p, count, narrow(*this, f16())); }

 private:
  static __m128i loadHalves(const void* p, int count) {
    if (count == 8) return _mm_loadu_si128(static_cast<const __m128i*>(p));
    uint16_t halves[8] = {0};
    for (int i = 0; i < count; i++) halves[i] = static_cast<const bf16*>(p)[i].bits;
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(halves));
  }
  static void storeHalves(void* p, int count, __m128i value) {
    uint16_t halves[8];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(halves), value);
    for (int i = 0; i < count; i++) static_cast<bf16*>(p)[i].bits = halves[i];
  }
};

static inline Vi bitsOf(Vf a) { return reinterpret_cast<Vi>(a.v); }
static inline Vf floatOf(Vi a) { return {reinterpret_cast<__m256>(a)}; }

static inline Vf operator+(Vf a, Vf b) { return {_mm256_add_ps(a.v, b.v)}; }
static inline Vf operator-(Vf a, Vf b) { return {_mm256_sub_ps(a.v, b.v)}; }
static inline Vf operator*(Vf a, Vf b) { return {_mm256_mul_ps(a.v, b.v)}; }
static inline Vf operator/(Vf a, Vf b) { return {_mm256_div_ps(a.v, b.v)}; }
static inline Vf operator-(Vf a) { return {_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f))}; }
static inline Vf fma(Vf a, Vf b, Vf c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
static inline Vf min(Vf a, Vf b) { return {_mm256_min_ps(a.v, b.v)}; }
static inline Vf max(Vf a, Vf b) { return {_mm256_max_ps(a.v, b.v)}; }
static inline Vf sqrt(Vf a) { return {_mm256_sqrt_ps(a.v)}; }
static inline Vf abs(Vf a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
static inline Vf round(Vf a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

static inline Vm operator<(Vf a, Vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
static inline Vm operator<=(Vf a, Vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
static inline Vm operator>(Vf a, Vf b) { return b < a; }
static inline Vm operator>=(Vf a, Vf b) { return b <= a; }
static inline Vm operator==(Vf a, Vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
static inline Vm operator!=(Vf a, Vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_NEQ_UQ)}; }
static inline Vm operator&(Vm a, Vm b) { return {_mm256_and_ps(a.bits, b.bits)}; }
static inline Vm operator|(Vm a, Vm b) { return {_mm256_or_ps(a.bits, b.bits)}; }
static inline Vm operator!(Vm a) { return {_mm256_xor_ps(a.bits, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))}; }
static inline bool any(Vm a) { return _mm256_movemask_ps(a.bits) != 0; }
static inline Vf select(Vm mask, Vf a, Vf b) { return {_mm256_blendv_ps(b.v, a.v, mask.bits)}; }

static inline Vf scaleByPowerOfTwo(Vf x, Vf n) {  // in two halves, so that each factor is a normal number
  const Vi whole = reinterpret_cast<Vi>(_mm256_cvtps_epi32(n.v)), half = whole >> 1;
  return x * floatOf((half + 127) << 23) * floatOf((whole - half + 127) << 23);
}

static inline float sum(Vf a) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
static inline float maximum(Vf a) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

static inline void transpose(Vf (&r)[8]) {
  __m256 t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
    t[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; j++) {
      u[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      u[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
    }
  for (int j = 0; j < 4; j++) {
    r[j].v = _mm256_permute2f128_ps(u[j], u[j + 4], 0x20);
    r[j + 4].v = _mm256_permute2f128_ps(u[j], u[j + 4], 0x31);
  }
}

}  // namespace octavo::OCTAVO_ISA
