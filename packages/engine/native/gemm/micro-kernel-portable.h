// The inner loop of the product in GCC's vector extension: 4 rows of A by 1 or 2 vectors of B, 8 accumulators, which fit
// the 16 registers of any x86-64 and the 32 of arm64. Arguments as in micro-kernel-avx512.h;
// interleaved rows come in fours.
#pragma once
#include "pack.h"

namespace octavo::OCTAVO_ISA {

template <int vectors>
static __attribute__((noinline)) void multiplyTileBy(int64_t words, const void* a, int64_t rowBytes, int64_t wordBytes, const float* b, float* tile) {
  const char* row = static_cast<const char*>(a);
  Vf sums[4][vectors];
  for (int r = 0; r < 4; r++)
    for (int v = 0; v < vectors; v++) sums[r][v] = Vf::zero();
  for (int64_t k = 0; k < words; k++) {
    Vf columns[vectors];
    for (int v = 0; v < vectors; v++) columns[v] = Vf::load(b + (k * vectors + v) * Vf::lanes);
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
      const Vf value = Vf::set1(*reinterpret_cast<const float*>(row + r * rowBytes + k * wordBytes));
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) sums[r][v] = fma(value, columns[v], sums[r][v]);
    }
  }
  for (int r = 0; r < 4; r++)
    for (int v = 0; v < vectors; v++) sums[r][v].store(tile + (r * vectors + v) * Vf::lanes);
}

static inline void multiplyTile(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) {
  const float* columns = static_cast<const float*>(b);
  const int64_t wordBytes = rowBytes == kInterleaved ? 16 : 4;
  if (rowBytes == kInterleaved) rowBytes = 4;
  if (vectors == 2) multiplyTileBy<2>(words, a, rowBytes, wordBytes, columns, tile);
  else multiplyTileBy<1>(words, a, rowBytes, wordBytes, columns, tile);
}

}  // namespace octavo::OCTAVO_ISA
