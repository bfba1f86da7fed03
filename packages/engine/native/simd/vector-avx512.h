// Vf on AVX-512 F, BW, VL, DQ. See vector.h.
#pragma once
#include <immintrin.h>
// g++ 12 warns of its own header's deliberately undefined operands.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

namespace octavo::OCTAVO_ISA {

typedef int32_t Vi __attribute__((vector_size(64)));
struct Vm { __mmask16 bits; };

static inline __mmask16 firstLanes(int count) { return static_cast<__mmask16>((1u << count) - 1); }

// float32 → bf16 in the low half of each lane.
static inline __m512i roundToBf16(__m512 v) {
  const __m512i bits = _mm512_castps_si512(v), upper = _mm512_srli_epi32(bits, 16);
  const __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd), 16);
  return _mm512_mask_or_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), upper, _mm512_set1_epi32(0x40));
}

struct Vf {
  static constexpr int lanes = 16;
  __m512 v;

  static Vf zero() { return {_mm512_setzero_ps()}; }
  static Vf set1(float x) { return {_mm512_set1_ps(x)}; }
  static Vf widen(__m256i half, bf16) { return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16))}; }
  static Vf widen(__m256i half, f16) { return {_mm512_cvtph_ps(half)}; }
#ifdef __AVX512BF16__  // only the unit of the dot form: as its products, the instruction takes subnormals as zero
  static __m256i narrow(Vf x, bf16) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x.v)); }
#else
  static __m256i narrow(Vf x, bf16) { return _mm512_cvtepi32_epi16(roundToBf16(x.v)); }
#endif
  static __m256i narrow(Vf x, f16) { return _mm512_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

  static Vf load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static Vf load(const bf16* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), bf16()); }
  static Vf load(const f16* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), f16()); }
  static Vf loadTail(const float* p, int count) { return {_mm512_maskz_loadu_ps(firstLanes(count), p)}; }
  static Vf loadTail(const bf16* p, int count) { return widen(_mm256_maskz_loadu_epi16(firstLanes(count), p), bf16()); }
  static Vf loadTail(const f16* p, int count) { return widen(_mm256_maskz_loadu_epi16(firstLanes(count), p), f16()); }

  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store(bf16* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(*this, bf16())); }
  void store(f16* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(*this, f16())); }
  void storeTail(float* p, int count) const { _mm512_mask_storeu_ps(p, firstLanes(count), v); }
  void storeTail(bf16* p, int count) const { _mm256_mask_storeu_epi16(p, firstLanes(count), narrow(*this, bf16())); }
  void storeTail(f16* p, int count) const { _mm256_mask_storeu_epi16(p, firstLanes(count), narrow(*this, f16())); }
};

static inline Vi bitsOf(Vf a) { return reinterpret_cast<Vi>(a.v); }
static inline Vf floatOf(Vi a) { return {reinterpret_cast<__m512>(a)}; }

static inline Vf operator+(Vf a, Vf b) { return {_mm512_add_ps(a.v, b.v)}; }
static inline Vf operator-(Vf a, Vf b) { return {_mm512_sub_ps(a.v, b.v)}; }
static inline Vf operator*(Vf a, Vf b) { return {_mm512_mul_ps(a.v, b.v)}; }
static inline Vf operator/(Vf a, Vf b) { return {_mm512_div_ps(a.v, b.v)}; }
static inline Vf operator-(Vf a) { return {_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f))}; }
static inline Vf fma(Vf a, Vf b, Vf c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
static inline Vf min(Vf a, Vf b) { return {_mm512_min_ps(a.v, b.v)}; }
static inline Vf max(Vf a, Vf b) { return {_mm512_max_ps(a.v, b.v)}; }
static inline Vf sqrt(Vf a) { return {_mm512_sqrt_ps(a.v)}; }
static inline Vf abs(Vf a) { return {_mm512_andnot_ps(_mm512_set1_ps(-0.0f), a.v)}; }
static inline Vf round(Vf a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

static inline Vm operator<(Vf a, Vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
static inline Vm operator<=(Vf a, Vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
static inline Vm operator>(Vf a, Vf b) { return b < a; }
static inline Vm operator>=(Vf a, Vf b) { return b <= a; }
static inline Vm operator==(Vf a, Vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
static inline Vm operator!=(Vf a, Vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_NEQ_UQ)}; }
static inline Vm operator&(Vm a, Vm b) { return {static_cast<__mmask16>(a.bits & b.bits)}; }
static inline Vm operator|(Vm a, Vm b) { return {static_cast<__mmask16>(a.bits | b.bits)}; }
static inline Vm operator!(Vm a) { return {static_cast<__mmask16>(~a.bits)}; }
static inline bool any(Vm a) { return a.bits != 0; }
static inline Vf select(Vm mask, Vf a, Vf b) { return {_mm512_mask_blend_ps(mask.bits, b.v, a.v)}; }

// x · 2ⁿ for whole n, with overflow to ∞ and gradual underflow.
static inline Vf scaleByPowerOfTwo(Vf x, Vf n) { return {_mm512_scalef_ps(x.v, n.v)}; }

static inline float sum(Vf a) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
static inline float maximum(Vf a) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// Four rounds: words in pairs, pairs in quads, then 128-bit quarters, then 256-bit halves.
static inline void transpose(Vf (&r)[16]) {
  __m512 t[16], u[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i].v, r[i + 1].v);
    t[i + 1] = _mm512_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; j++) {
      const __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
      u[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
      u[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    }
  for (int i = 0; i < 16; i += 8)
    for (int j = 0; j < 4; j++) {
      t[i + j] = _mm512_shuffle_f32x4(u[i + j], u[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_f32x4(u[i + j], u[i + j + 4], 0xdd);
    }
  for (int j = 0; j < 8; j++) {
    r[j].v = _mm512_shuffle_f32x4(t[j], t[j + 8], 0x88);
    r[j + 8].v = _mm512_shuffle_f32x4(t[j], t[j + 8], 0xdd);
  }
}

}  // namespace octavo::OCTAVO_ISA
