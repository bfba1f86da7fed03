// bf16 products by vdpbf16ps: a word is two values along k. The instruction rounds each pair's sum as it adds, to nearest
// even, and takes subnormals as zero.
// Flags: -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16 -mfma -mf16c
#define OCTAVO_ISA avx512dot
#define OCTAVO_FORM_UNIT
#include "gemm.inc.h"
#include "../ops/attention-tiles.h"

namespace octavo::avx512dot {

OCTAVO_DEFINE_MICRO_KERNELS(multiplyPairs, "vdpbf16ps")

struct Pairs {
  static constexpr int rows = 8, vectors = 3, perWord = 2, columnsPerLane = 1;
  static constexpr Type direct = Type::bf16;

  static Vf words(__m512i v) { return {_mm512_castsi512_ps(v)}; }
  static __mmask32 first(int64_t count) { return count >= 32 ? ~0u : count <= 0 ? 0 : (1u << count) - 1; }

  static Vf along(const bf16* p, int64_t count) {
    return words(count >= 32 ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi16(first(count), p));
  }
  static Vf along(const float* p, int64_t count) {
    const Vf low = Widened::along(p, count), high = count > 16 ? Widened::along(p + 16, count - 16) : Vf::zero();
    return words(reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high.v, low.v)));
  }
  static Vf along(const f16*, int64_t) { return Vf::zero(); }  // isMixedOf admits no f16

  // Two rows, interleaved: the pair of each column.
  static Vf across(const bf16* p, int64_t stride, int64_t ks, int64_t count) {
    const __mmask16 mask = static_cast<__mmask16>(first(count));
    const __m256i low = _mm256_maskz_loadu_epi16(mask, p);
    const __m256i high = ks > 1 ? _mm256_maskz_loadu_epi16(mask, p + stride) : _mm256_setzero_si256();
    return words(_mm512_or_si512(_mm512_cvtepu16_epi32(low), _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16)));
  }
  static Vf across(const float* p, int64_t stride, int64_t ks, int64_t count) {
    const __mmask16 mask = static_cast<__mmask16>(first(count));
    const __m512 low = _mm512_maskz_loadu_ps(mask, p), high = ks > 1 ? _mm512_maskz_loadu_ps(mask, p + stride) : _mm512_setzero_ps();
    const __m256i lows = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(low)), highs = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(high));
    return words(_mm512_or_si512(_mm512_cvtepu16_epi32(lows), _mm512_slli_epi32(_mm512_cvtepu16_epi32(highs), 16)));
  }
  static Vf across(const f16*, int64_t, int64_t, int64_t) { return Vf::zero(); }

  static Vf rowWords(Vf v) { return v; }
  static void storeAlong(Vf v, float* row, int64_t i) { v.store(reinterpret_cast<bf16*>(row) + i); }
  static void storeAcross(Vf even, Vf odd, float* to) {
    alignas(64) static constexpr uint16_t kAlternate[32] = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd.v, even.v));
    words(_mm512_permutexvar_epi16(_mm512_load_si512(kAlternate), both)).store(to);
  }
  template <class T> static Vf columns(const T* p, int64_t stride, int64_t ks, int64_t count) { return across(p, stride, ks, count); }
  static Vf multiplyAdd(Vf a, Vf b, Vf sum) {
    return {_mm512_dpbf16_ps(sum.v, reinterpret_cast<__m512bh>(a.v), reinterpret_cast<__m512bh>(b.v))};
  }
  static void multiply(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) {
    multiplyPairs(vectors, words, a, rowBytes, b, tile);
  }
};

void gemm(const Worker& worker, const Gemm& g) { multiplyBy<Pairs>(worker, g); }
GemmMemory gemmMemory(const Gemm& g, int count) { return memoryOf<Pairs>(g, count); }
const ResidentForm& residentForm() { return Resident<Pairs>::form; }

void attention(const Call& call, const Worker& worker, bool backward) {
  if (backward) attentionBackward<Pairs, bf16>(call, worker);
  else attentionForward<Pairs, bf16>(call, worker);
}
GemmMemory attentionMemory(const Call& call, bool backward) { return attentionMemoryOf<Pairs>(call, backward); }

}  // namespace octavo::avx512dot
