// f16 products by vfmadd231ph: a word of A is one value twice, a word of B two columns, 16 apart. f16 sums of 64 terms are
// added to float32 sums, so their rounding error stays below that of bf16 operands. Few rows go the widened way: they
// wait for memory. The build machines of this file had no AVX512-FP16: the engine verifies the form before it is used, and the
// test emulates the instruction.
// Flags: -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c (the one FP16 instruction is in the assembly)
#define OCTAVO_ISA avx512half
#define OCTAVO_FORM_UNIT
#include "gemm.inc.h"
#include "../ops/attention-tiles.h"

namespace octavo::avx512half {

#ifndef OCTAVO_EMULATE_HALF
OCTAVO_DEFINE_MICRO_KERNELS(multiplyHalves, "vfmadd231ph")
#else
// The same in plain code, so that everything around the instruction is tested on any AVX-512 machine.
static void multiplyHalves(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* sums) {
  const int64_t wordBytes = rowBytes == kInterleaved ? 64 : 4;
  if (rowBytes == kInterleaved) rowBytes = 4;
  for (int64_t r = 0; r < 8; r++)
    for (int64_t lane = 0; lane < vectors * 32; lane++) {
      f16 sum{0};
      for (int64_t k = 0; k < words; k++) {
        const f16 left = reinterpret_cast<const f16*>(static_cast<const char*>(a) + r * rowBytes + k * wordBytes)[lane & 1];
        const f16 right = static_cast<const f16*>(b)[k * vectors * 32 + lane];
        sum = toF16(toFloat(left) * toFloat(right) + toFloat(sum));
      }
      reinterpret_cast<f16*>(sums)[r * vectors * 32 + lane] = sum;
    }
}
#endif

struct Halves {
  static constexpr int rows = 8, vectors = 3, perWord = 1, columnsPerLane = 2;
  static constexpr int64_t together = 64;          // terms summed in f16
  static constexpr Type direct = Type{255};        // A is always packed

  static Vf words(__m512i v) { return {_mm512_castsi512_ps(v)}; }
  static __m512i bits(Vf v) { return _mm512_castps_si512(v.v); }
  // 16 values as f16, each in the low half of its lane.
  template <class T> static __m512i halves(const T* p, int64_t count) {
    return _mm512_cvtepu16_epi32(Vf::narrow(Widened::across(p, 0, 1, count), f16()));
  }
  static Vf join(Vf low, Vf high) { return words(_mm512_or_si512(bits(low), _mm512_slli_epi32(bits(high), 16))); }

  template <class T> static Vf along(const T* p, int64_t count) { return words(halves(p, count)); }
  template <class T> static Vf across(const T* p, int64_t, int64_t, int64_t count) { return words(halves(p, count)); }
  static Vf rowWords(Vf v) { return join(v, v); }
  static void storeAlong(Vf v, float* row, int64_t i) { storeAcross(v, v, row + i); }
  static void storeAcross(Vf v, Vf, float* to) { rowWords(words(_mm512_cvtepu16_epi32(Vf::narrow(v, f16())))).store(to); }
  template <class T> static Vf columns(const T* p, int64_t, int64_t, int64_t count) {
    return join(words(halves(p, count)), words(halves(p + Vf::lanes, count - Vf::lanes)));
  }

  static void multiply(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) {
    const int width = vectors * 2 * Vf::lanes;
    for (int i = 0; i < rows * width; i += Vf::lanes) Vf::zero().store(tile + i);
    const int64_t wordBytes = rowBytes == kInterleaved ? 64 : 4;
    alignas(64) float sums[rows * Halves::vectors * Vf::lanes];
    for (int64_t k = 0; k < words; k += together) {
      const int64_t terms = least(together, words - k);
      multiplyHalves(vectors, terms, static_cast<const char*>(a) + k * wordBytes, rowBytes, static_cast<const float*>(b) + k * vectors * Vf::lanes, sums);
      for (int v = 0; v < rows * vectors; v++) {
        const __m512i pairs = _mm512_load_si512(sums + v * Vf::lanes);
        float* const to = tile + v * 2 * Vf::lanes;
        (Vf::load(to) + Vf::widen(_mm512_cvtepi32_epi16(pairs), f16())).store(to);
        (Vf::load(to + Vf::lanes) + Vf::widen(_mm512_cvtepi32_epi16(_mm512_srli_epi32(pairs, 16)), f16())).store(to + Vf::lanes);
      }
    }
  }
};

void gemm(const Worker& worker, const Gemm& g) {
  if (Skinny<Widened>::fits(g)) return multiplyBy<Widened>(worker, g);
  if (g.m > 0 && g.n > 0) Product<Halves>::run(worker, g);
  worker.barrier();
}

GemmMemory gemmMemory(const Gemm& g, int count) {
  const GemmMemory packed = Product<Halves>::memory(g, count), few = Skinny<Widened>::memory(g);
  return {packed.scratchBytes > few.scratchBytes ? packed.scratchBytes : few.scratchBytes, packed.sharedBytes};
}
const ResidentForm& residentForm() { return Resident<Halves>::form; }

void attention(const Call& call, const Worker& worker, bool backward) {
  if (backward) attentionBackward<Halves, f16>(call, worker);
  else attentionForward<Halves, f16>(call, worker);
}
GemmMemory attentionMemory(const Call& call, bool backward) { return attentionMemoryOf<Halves>(call, backward); }

}  // namespace octavo::avx512half
