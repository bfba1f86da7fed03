// Flags: -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c
#define OCTAVO_ISA avx512vnni
#include "int8-vnni.h"
#include "micro-kernel-avx512.h"

namespace octavo::avx512vnni {

OCTAVO_DEFINE_MICRO_KERNELS(multiplyQuads, "vpdpbusd")

static constexpr int kRows = 8, kColumns = 48;

static int64_t wordsOf(int64_t k) { return roundUp(pieces(k, 4), 16); }

// count bytes (≤ 64) from p as sixteen words, zeros beyond.
static __m512i quads(const void* p, int64_t count) {
  return count >= 64 ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi8(count <= 0 ? 0 : (1ull << count) - 1, p);
}

static void packPanel(const Int8Product& g, int64_t column, int64_t columns, int vectors, float* panel) {
  for (int v = 0; v < vectors; v++)
    for (int64_t i = 0; i < g.k; i += 64) {
      Vf square[16];
      for (int c = 0; c < 16; c++) {
        const int64_t j = v * 16 + c;
        square[c] = j < columns ? Vf{_mm512_castsi512_ps(quads(g.b + (column + j) * g.ldb + i, g.k - i))} : Vf::zero();
      }
      transpose(square);
      for (int w = 0; w < 16; w++) square[w].store(panel + ((i / 4 + w) * vectors + v) * 16);
    }
}

void multiply(const Worker& worker, const Int8Product& g) {
  const int64_t words = pieces(g.k, 4), stride = wordsOf(g.k) + 16;
  float* const panel = static_cast<float*>(worker.scratch);
  float* const rows = panel + wordsOf(g.k) * kColumns;
  alignas(64) float tile[kRows * kColumns];
  const Range mine = share(worker, pieces(g.n, kColumns));
  for (int64_t j = mine.begin * kColumns; j < least(mine.end * kColumns, g.n); j += kColumns) {
    const int64_t columns = least(kColumns, g.n - j);
    const int vectors = static_cast<int>(pieces(columns, 16));
    packPanel(g, j, columns, vectors, panel);
    for (int64_t i = 0; i < g.m; i += kRows) {
      const int64_t count = least(kRows, g.m - i);
      if (count == kRows && g.k % 4 == 0) {
        multiplyQuads(vectors, words, g.a + i * g.lda, g.lda, panel, tile);
      } else {
        for (int64_t r = 0; r < kRows; r++)
          for (int64_t b = 0; b < g.k; b += 64) _mm512_storeu_si512(rows + r * stride + b / 4, r < count ? quads(g.a + (i + r) * g.lda + b, g.k - b) : _mm512_setzero_si512());
        multiplyQuads(vectors, words, rows, stride * 4, panel, tile);
      }
      for (int64_t r = 0; r < count; r++)
        for (int64_t c = 0; c < columns; c += 16)
          _mm512_mask_storeu_epi32(g.c + (i + r) * g.ldc + j + c, firstLanes(static_cast<int>(least(16, columns - c))),
                                   _mm512_castps_si512(_mm512_load_ps(tile + r * vectors * 16 + c)));
    }
  }
  worker.barrier();
}

GemmMemory memory(const Int8Product& g) {
  return {static_cast<size_t>(wordsOf(g.k) * kColumns + kRows * (wordsOf(g.k) + 16)) * 4, 0};
}

}  // namespace octavo::avx512vnni
