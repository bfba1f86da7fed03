// Few rows, as in decoding: the time is that of reading B once, so B is not packed. Each element of C is a sum of vectors
// along k (B stored [n, k]) or, lane by lane, down k (B stored [k, n]). Members split the columns.
#pragma once
#include "epilogue.h"

namespace octavo::OCTAVO_ISA {

template <class Words> struct Skinny {
  template <int number> struct Count { static constexpr int value = number; };
  static constexpr int64_t mostRowsAlong = 64, mostRowsDown = 4, rowsOfShortSums = 16;
  static constexpr int groupRows = Vf::lanes == 16 ? 4 : 2, groupColumns = 4;
  static constexpr int chunk = 64;  // columns finished together
  static constexpr int64_t mostRowsInTurn = 4;
  static constexpr int64_t mostWords = 64 * 1024;  // of a row of A: more goes the packed way

  static bool fits(const Gemm& g) {
    return !g.aWindows && !g.bWindows && g.m <= (g.bTransposed ? mostRowsAlong : mostRowsDown) && pieces(g.k, Words::perWord) <= mostWords;
  }
  static int64_t rowStride(const Gemm& g) { return roundUp(pieces(g.k, Words::perWord), Vf::lanes); }
  static GemmMemory memory(const Gemm& g) {
    const int64_t rows = roundUp(least(g.m, g.bTransposed ? mostRowsAlong : mostRowsDown), Vf::lanes);
    return {static_cast<size_t>(rows * least(rowStride(g), mostWords)) * 4, 0};
  }

  static void run(const Worker& worker, const Gemm& g) {
    const int64_t stride = rowStride(g), step = g.bTransposed ? groupColumns : chunk;
    float* const a = static_cast<float*>(worker.scratch);
    const Range mine = share(worker, pieces(g.n, step));
    const int64_t end = least(mine.end * step, g.n);
    if (mine.begin * step >= end) return;
    withType(g.aType, g.a, [&](auto from) {
      if (g.aTransposed) packTransposedRows<Words>(from, g.lda, g.m, g.k, a, stride);
      else packRows<Words>(from, g.lda, 0, g.m, 0, g.k, a, stride, g.m);
    });
    withType(g.bType, g.b, [&](auto b) {
      alignas(64) float tile[mostRowsAlong * chunk];
      for (int64_t j = mine.begin * step; j < end; j += chunk) {
        const int64_t columns = least(chunk, end - j);
        if (g.bTransposed && g.m <= mostRowsInTurn) inTurn(g, a, stride, b, j, columns, tile);
        else if (g.bTransposed) along(g, a, stride, b, j, columns, tile);
        else down(g, a, stride, b, j, columns, tile);
        finish(g, tile, chunk, 0, j, g.m, columns, {nullptr, 0, true, true});
      }
    });
  }

  // Very few rows: memory alone sets the time, and it is read fastest straight on, one row of B after the other.
  template <class T> static void inTurn(const Gemm& g, const float* a, int64_t stride, const T* b, int64_t j, int64_t columns, float* tile) {
    for (int64_t c = 0; c < columns; c++) {
      const T* const row = b + (j + c) * g.ldb;
      if (g.m == 1) dotsOf<1, 4>(a, stride, row, g.k, tile + c);
      else if (g.m == 2) dotsOf<2, 2>(a, stride, row, g.k, tile + c);
      else if (g.m == 3) dotsOf<3, 2>(a, stride, row, g.k, tile + c);
      else dotsOf<4, 2>(a, stride, row, g.k, tile + c);
    }
  }

  // `sumsEach` chains of sums a row of A, so that one does not wait for its own last addition.
  template <int count, int sumsEach, class T> static void dotsOf(const float* a, int64_t stride, const T* row, int64_t k, float* out) {
    constexpr int step = Vf::lanes * Words::perWord;
    Vf sums[count][sumsEach];
    for (int r = 0; r < count; r++)
      for (int s = 0; s < sumsEach; s++) sums[r][s] = Vf::zero();
    const auto add = [&](int64_t i, int64_t left, int s) __attribute__((always_inline)) {
      const Vf value = Words::along(row + i, left);
#pragma GCC unroll 4
      for (int r = 0; r < count; r++) sums[r][s] = Words::multiplyAdd(Vf::load(a + r * stride + i / Words::perWord), value, sums[r][s]);
    };
    int64_t i = 0;
    for (; i + step * sumsEach <= k; i += step * sumsEach)
#pragma GCC unroll 4
      for (int s = 0; s < sumsEach; s++) add(i + s * step, step, s);
    for (; i + step <= k; i += step) add(i, step, 0);
    if (i < k) add(i, k - i, 0);
    for (int r = 0; r < count; r++) {
      Vf total = sums[r][0];
      for (int s = 1; s < sumsEach; s++) total = total + sums[r][s];
      out[r * chunk] = sum(total);
    }
  }

  template <class T> static void along(const Gemm& g, const float* a, int64_t stride, const T* b, int64_t j, int64_t columns, float* tile) {
    for (int64_t c = 0; c < columns; c += groupColumns) {
      const int64_t present = least(groupColumns, columns - c);
      const T* rows[groupColumns];  // the last again where there are fewer
      for (int64_t v = 0; v < groupColumns; v++) rows[v] = b + (j + c + least(v, present - 1)) * g.ldb;
      // While this group is multiplied, the memory of the next is asked for, evenly over the calls that take the time.
      const int64_t ahead = groupColumns * g.ldb, calls = g.m / groupRows + g.m % groupRows;
      int64_t r = 0, call = 0;
      const auto next = [&](auto rowsAtOnce) __attribute__((always_inline)) {
        float* const out = tile + r * chunk + c;
        const int64_t asked = calls == 1 ? 4 : calls < 4 ? 2 : 1;  // rows of the next group in a call
        if (call * asked >= groupColumns) dots<rowsAtOnce.value, 0>(a + r * stride, stride, rows, g.k, rows[0], 0, out);
        else {
          const T* const coming = rows[0] + ahead + call * asked * g.ldb;
          if (asked == 4) dots<rowsAtOnce.value, 4>(a + r * stride, stride, rows, g.k, coming, g.ldb, out);
          else if (asked == 2) dots<rowsAtOnce.value, 2>(a + r * stride, stride, rows, g.k, coming, g.ldb, out);
          else dots<rowsAtOnce.value, 1>(a + r * stride, stride, rows, g.k, coming, g.ldb, out);
        }
        call++;
        r += rowsAtOnce.value;
      };
      while (r + groupRows <= g.m) next(Count<groupRows>());
      while (r < g.m) next(Count<1>());
    }
  }

  template <int count, int asked, class T>
  static void dots(const float* a, int64_t stride, const T* const (&rows)[groupColumns], int64_t k, const T* coming, int64_t ldb, float* out) {
    constexpr int step = Vf::lanes * Words::perWord;
    Vf sums[count][groupColumns];
    for (int r = 0; r < count; r++)
      for (int c = 0; c < groupColumns; c++) sums[r][c] = Vf::zero();
    const auto add = [&](int64_t i, int64_t left) __attribute__((always_inline)) {
      Vf values[groupColumns];
#pragma GCC unroll 4
      for (int c = 0; c < groupColumns; c++) values[c] = Words::along(rows[c] + i, left);
#pragma GCC unroll 4
      for (int r = 0; r < count; r++) {
        const Vf value = Vf::load(a + r * stride + i / Words::perWord);
#pragma GCC unroll 4
        for (int c = 0; c < groupColumns; c++) sums[r][c] = Words::multiplyAdd(value, values[c], sums[r][c]);
      }
    };
    int64_t i = 0;
    for (; i + step <= k; i += step) {
#pragma GCC unroll 4
      for (int c = 0; c < asked; c++) __builtin_prefetch(coming + c * ldb + i);
      add(i, step);
    }
    if (i < k) add(i, k - i);
    for (int r = 0; r < count; r++)
      for (int c = 0; c < groupColumns; c++) out[r * chunk + c] = sum(sums[r][c]);
  }

  template <class T> static void down(const Gemm& g, const float* a, int64_t stride, const T* b, int64_t j, int64_t columns, float* tile) {
    for (int64_t c = 0; c < columns; c += 2 * Vf::lanes) {
      int64_t r = 0;
      for (; r + 2 <= g.m; r += 2) weightedRows<2>(g, a + r * stride, stride, b + j + c, columns - c, tile + r * chunk + c);
      if (r < g.m) weightedRows<1>(g, a + r * stride, stride, b + j + c, columns - c, tile + r * chunk + c);
    }
  }

  template <int count, class T>
  static void weightedRows(const Gemm& g, const float* a, int64_t stride, const T* b, int64_t columns, float* out) {
    Vf sums[count][2];
    for (int r = 0; r < count; r++) sums[r][0] = sums[r][1] = Vf::zero();
    for (int64_t i = 0; i < g.k; i += Words::perWord) {
      const T* row = b + i * g.ldb;
      const Vf left = Words::across(row, g.ldb, g.k - i, columns);
      const Vf right = columns > Vf::lanes ? Words::across(row + Vf::lanes, g.ldb, g.k - i, columns - Vf::lanes) : Vf::zero();
      for (int r = 0; r < count; r++) {
        const Vf value = Vf::set1(a[r * stride + i / Words::perWord]);
        sums[r][0] = Words::multiplyAdd(value, left, sums[r][0]);
        sums[r][1] = Words::multiplyAdd(value, right, sums[r][1]);
      }
    }
    for (int r = 0; r < count; r++) {
      sums[r][0].store(out + r * chunk);
      sums[r][1].store(out + r * chunk + Vf::lanes);
    }
  }
};

}  // namespace octavo::OCTAVO_ISA
