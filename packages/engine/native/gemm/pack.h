// Packing: operands of any type and orientation become 32-bit words in the order the micro-kernel reads them.
//   A, a block:  [rows][stride] words, row after row; or, of A stored [k, m], interleaved: [groups][words][group rows]
//   B, a panel:  [words][vectors · lanes] words, k after k, zeros beyond the operand
#pragma once
#include "../simd/vector.h"
#include "../gemm.h"

namespace octavo::OCTAVO_ISA {

// For rowBytes: the rows of A are interleaved.
static constexpr int64_t kInterleaved = 0;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t pieces(int64_t length, int64_t piece) { return (length + piece - 1) / piece; }
static inline int64_t roundUp(int64_t length, int64_t piece) { return pieces(length, piece) * piece; }

// Calls f with a typed pointer.
template <class F> static inline void withType(Type type, const void* p, F f) {
  if (type == Type::f32) f(static_cast<const float*>(p));
  else if (type == Type::bf16) f(static_cast<const bf16*>(p));
  else f(static_cast<const f16*>(p));
}

// Rows [row, row + rows) and k [k, k + ks) of A stored [m, k].
template <class Words, class T>
static void packRows(const T* a, int64_t lda, int64_t row, int64_t rows, int64_t k, int64_t ks, float* out, int64_t stride, int64_t paddedRows) {
  constexpr int step = Vf::lanes * Words::perWord;
  for (int64_t r = 0; r < paddedRows; r++) {
    float* to = out + r * stride;
    if (r < rows) {
      const T* from = a + (row + r) * lda + k;
      for (int64_t i = 0; i < ks; i += step, to += Vf::lanes) Words::rowWords(Words::along(from + i, ks - i)).store(to);
    } else {
      for (int64_t i = 0; i < ks; i += step, to += Vf::lanes) Vf::zero().store(to);
    }
  }
}

// The same of A stored [k, m], row after row.
template <class Words, class T>
static void packTransposedRows(const T* a, int64_t lda, int64_t rows, int64_t ks, float* out, int64_t stride) {
  constexpr int step = Vf::lanes * Words::perWord;
  for (int64_t i = 0; i < ks; i += step)
    for (int64_t r = 0; r < rows; r += Vf::lanes) {
      Vf square[Vf::lanes];
      for (int w = 0; w < Vf::lanes; w++) {
        const int64_t at = i + w * Words::perWord;
        square[w] = at < ks ? Words::across(a + at * lda + r, lda, ks - at, rows - r) : Vf::zero();
      }
      transpose(square);
      for (int w = 0; w < Vf::lanes; w++) Words::rowWords(square[w]).store(out + (r + w) * stride + i / Words::perWord);
    }
}

// Rows that one strip walks across are too far apart for the machine to foresee: those of the next strip are asked for.
template <class Words, class T> static inline void askAhead(const T* from, int64_t stride, int64_t strip) {
  for (int64_t u = 0; u < Words::perWord; u++) __builtin_prefetch(from + (strip * Words::perWord + u) * stride);
}

// The same, interleaved in groups of groupRows, a multiple of Vf::lanes.
template <class Words, int groupRows, class T>
static void packInterleavedRows(const T* a, int64_t lda, int64_t row, int64_t rows, int64_t k, int64_t ks, float* out) {
  constexpr int64_t strip = 32;  // words swept over all groups before the next, so that few rows of A are open at once
  const int64_t words = pieces(ks, Words::perWord);
  for (int64_t w0 = 0; w0 < words; w0 += strip)
    for (int64_t r = 0; r < rows; r += groupRows) {
      float* to = out + (r * words + w0 * groupRows);
      for (int64_t w = w0; w < least(w0 + strip, words); w++) {
        const int64_t at = w * Words::perWord;
        const T* from = a + (k + at) * lda + row + r;
        askAhead<Words>(from, lda, strip);
        for (int v = 0; v < groupRows; v += Vf::lanes, to += Vf::lanes) Words::rowWords(Words::across(from + v, lda, ks - at, rows - r - v)).store(to);
      }
    }
}

// Where the panels of B lie. Each has `vectors` vectors of columns, but the last may have fewer; where it would have one
// of three, the last two have two each, since a product of one vector waits for its loads.
struct Panels {
  int64_t column, columns;  // of the operand
  int64_t k, ks;
  int64_t words;            // pieces(ks, perWord)
  float* out;
  int vectors, laneColumns; // of a full panel; columns of a vector

  int64_t total() const { return pieces(columns, laneColumns); }
  int64_t count() const { return pieces(total(), vectors); }
  int64_t firstVector(int64_t panel) const {
    const bool evened = vectors == 3 && total() % 3 == 1 && total() > 1 && panel == count() - 1;
    return panel * vectors - evened;
  }
  int vectorsOf(int64_t panel) const { return static_cast<int>((panel + 1 < count() ? firstVector(panel + 1) : total()) - firstVector(panel)); }
  int64_t first(int64_t panel) const { return firstVector(panel) * laneColumns; }
  float* at(int64_t panel) const { return out + firstVector(panel) * Vf::lanes * words; }
};

// Panels [share.begin, share.end) of B stored [k, n].
template <class Words, class T> static void packColumns(const T* b, int64_t ldb, const Panels& panels, Range share) {
  constexpr int64_t strip = 4;  // k's swept over all panels before the next, so that few rows are open at once
  for (int64_t w0 = 0; w0 < panels.words; w0 += strip)
    for (int64_t panel = share.begin; panel < share.end; panel++) {
      const int vectors = panels.vectorsOf(panel);
      const int64_t first = panels.first(panel);
      float* to = panels.at(panel) + w0 * vectors * Vf::lanes;
      for (int64_t w = w0; w < least(w0 + strip, panels.words); w++) {
        const int64_t at = w * Words::perWord;
        const T* from = b + (panels.k + at) * ldb + panels.column + first;
        askAhead<Words>(from, ldb, strip);
        for (int v = 0; v < vectors; v++, to += Vf::lanes)
          Words::columns(from + v * panels.laneColumns, ldb, panels.ks - at, panels.columns - first - v * panels.laneColumns).store(to);
      }
    }
}

// Panels of B stored [n, k].
template <class Words, class T> static void packTransposedColumns(const T* b, int64_t ldb, const Panels& panels, Range share) {
  constexpr int step = Vf::lanes * Words::perWord;
  for (int64_t panel = share.begin; panel < share.end; panel++) {
    const int vectors = panels.vectorsOf(panel);
    for (int v = 0; v < vectors; v++) {
      const int64_t first = panels.first(panel) + v * panels.laneColumns, present = panels.columns - first;
      const T* from = b + (panels.column + first) * ldb + panels.k;
      float* to = panels.at(panel) + v * Vf::lanes;
      for (int64_t i = 0; i < panels.ks; i += step) {
        Vf square[Vf::lanes];
        const auto load = [&](Vf (&to)[Vf::lanes], int64_t c0) {
          for (int c = 0; c < Vf::lanes; c++) {
            to[c] = c0 + c < present ? Words::along(from + (c0 + c) * ldb + i, panels.ks - i) : Vf::zero();
            __builtin_prefetch(from + (c0 + c + panels.laneColumns) * ldb + i);  // short rows far apart are not foreseen by the machine
          }
          transpose(to);
        };
        load(square, 0);
        if constexpr (Words::columnsPerLane == 2) {
          Vf second[Vf::lanes];
          load(second, Vf::lanes);
          for (int w = 0; w < Vf::lanes; w++) square[w] = Words::join(square[w], second[w]);
        }
        const int64_t words = least(Vf::lanes, panels.words - i / Words::perWord);
        for (int64_t w = 0; w < words; w++, to += vectors * Vf::lanes) square[w].store(to);
      }
    }
  }
}

}  // namespace octavo::OCTAVO_ISA
