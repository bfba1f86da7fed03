// A matrix B that is packed once and multiplied many times, as a recurrence multiplies by its weight at every step. Each
// element of the product is one chain of multiply-adds down k, whatever panel or tile it falls into, so bits depend
// neither on how columns are shared among members nor on how rows are.
#pragma once
#include "pack.h"

namespace octavo {

// Columns [column, column + columns) of B, stored [k, n], or [n, k] when transposed.
struct ResidentColumns {
  const void* b; Type type; int64_t ldb; bool transposed;
  int64_t column, columns, k;
};

// How a form does it: one table a form, for the units of translation are compiled with other flags.
struct ResidentForm {
  int tileRows;     // rows multiplied at once: A must have whole tiles, finite beyond its own rows
  int vectors;      // of a panel
  int laneColumns;  // columns of a vector
  int perWord;      // values of k in a word
  void (*pack)(const ResidentColumns&, float* out);
  // [rows, count] floats, from rows `width` apart, become values [at, at + count) of as many rows of A, `stride` words apart.
  void (*store)(const float* values, int64_t width, int64_t rows, int64_t count, float* out, int64_t stride, int64_t at);
  // out[rows, vectors · laneColumns] ← A · panel, rows in whole tiles.
  void (*multiply)(const float* a, int64_t stride, int64_t rows, int64_t words, const float* panel, int vectors, float* out);
};

}  // namespace octavo

namespace octavo::OCTAVO_ISA {

template <class Words> struct Resident {
  static constexpr int laneColumns = Vf::lanes * Words::columnsPerLane;

  static void pack(const ResidentColumns& b, float* out) {
    const Panels panels{b.column, b.columns, 0, b.k, pieces(b.k, Words::perWord), out, Words::vectors, laneColumns};
    withType(b.type, b.b, [&](auto from) {
      if (b.transposed) packTransposedColumns<Words>(from, b.ldb, panels, {0, panels.count()});
      else packColumns<Words>(from, b.ldb, panels, {0, panels.count()});
    });
  }

  static void store(const float* values, int64_t width, int64_t rows, int64_t count, float* out, int64_t stride, int64_t at) {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t i = 0; i < count; i += Vf::lanes) {
        const float* const from = values + r * width + i;
        const int left = static_cast<int>(least(count - i, Vf::lanes));
        if constexpr (Words::perWord == 2) Vf::loadTail(from, left).storeTail(reinterpret_cast<bf16*>(out + r * stride) + at + i, left);
        else Words::rowWords(Words::across(from, 0, 1, left)).storeTail(out + r * stride + at + i, left);
      }
  }

  static void multiply(const float* a, int64_t stride, int64_t rows, int64_t words, const float* panel, int vectors, float* out) {
    for (int64_t r = 0; r < rows; r += Words::rows) Words::multiply(vectors, words, a + r * stride, stride * 4, panel, out + r * vectors * laneColumns);
  }

  static constexpr ResidentForm form{Words::rows, Words::vectors, laneColumns, Words::perWord, pack, store, multiply};
};

}  // namespace octavo::OCTAVO_ISA
