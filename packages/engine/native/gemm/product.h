// The packed product. Blocks of k (outermost but columns) bound what is packed at once:
//   for columns of B in blocks:  for rounds of rows:  for parts of k:
//     the team packs B[part, columns] into shared memory, panel by panel;  barrier
//     each member, its rows in blocks: pack A (or read it in place), then every panel of B × every tile of rows
// Shared memory holds two such pieces of B in turn, so one barrier for each is enough. Where rows cannot be shared fairly,
// members take columns instead, each for itself. Neither choice touches the order in which an element of C is summed:
// parts of k depend on the problem alone, and within a part each element is one chain of multiply-adds.
#pragma once
#include "epilogue.h"
#include "windows.h"

namespace octavo::OCTAVO_ISA {

// Sizes in 32-bit words, chosen for 32 KB L1 and 512 KB or more of L2.
static constexpr int64_t kPartWords = 1024;             // of k in one part
static_assert(2 * kPartWords <= kWindowValues);
static constexpr int64_t kBlockWords = 96 * 1024;       // packed A of a member: in L2 together with a panel of B
static constexpr int64_t kColumnWords = 512 * 1024;     // one of the two pieces of B
static constexpr int64_t kPartialWords = 256 * 1024;    // float32 sums of a 16-bit C

template <class Words> struct Product {
  static constexpr int tileRows = Words::rows;
  static constexpr int laneColumns = Vf::lanes * Words::columnsPerLane;
  static constexpr int tileColumns = Words::vectors * laneColumns;

  static constexpr int greatestDivisor(int a, int b) { return b == 0 ? a : greatestDivisor(b, a % b); }
  static constexpr int blockStep = tileRows * Vf::lanes / greatestDivisor(tileRows, Vf::lanes);  // whole tiles, whole vectors of rows

  static int64_t parts(const Gemm& g) { return most(1, pieces(pieces(g.k, Words::perWord), kPartWords)); }
  // Whole words but in the last part, and whole vectors of them.
  static int64_t partWords(const Gemm& g) { return roundUp(most(1, pieces(pieces(g.k, Words::perWord), parts(g))), Vf::lanes); }
  // One line more than a power of two would be, so that rows fall into different sets of the cache.
  static int64_t rowStride(int64_t words) { return roundUp(words, Vf::lanes) + 16; }
  static bool keepsPartials(const Gemm& g) { return parts(g) > 1 && (g.cType != Type::f32 || g.residual == g.c); }
  static bool splitsRows(const Gemm& g, int count) {
    if (count == 1) return true;
    const int64_t rows = pieces(g.m, tileRows), columns = pieces(g.n, tileColumns);
    return rows * pieces(columns, count) >= columns * pieces(rows, count);  // the larger share of work done at once wins
  }

  static int64_t pieceWords(int64_t columns, int64_t words) {
    return least(kColumnWords, roundUp(columns, laneColumns) / Words::columnsPerLane * words);
  }
  static int64_t columnsEach(int64_t n, int count) { return pieces(pieces(n, tileColumns), count) * tileColumns; }

  // Enough for every smaller m, n and k as well.
  static GemmMemory memory(const Gemm& g, int count) {
    const int64_t words = least(roundUp(most(1, pieces(g.k, Words::perWord)), Vf::lanes), kPartWords);
    const int64_t block = least(kBlockWords, roundUp(g.m, blockStep) * rowStride(words));
    const int64_t partials = parts(g) > 1 && (g.cType != Type::f32 || g.residual != nullptr) ? kPartialWords : 0;
    const int64_t whole = 2 * pieceWords(g.n, words), each = count * pieceWords(columnsEach(g.n, count), words);
    return {static_cast<size_t>(block + partials) * 4, static_cast<size_t>(most(whole, each)) * 4};
  }

  // One member's view: rows [row, row + rows), columns [column, column + columns), alone or in step with the team.
  struct Task {
    const Gemm& g;
    const Worker& worker;
    bool together;
    int64_t row, rows, column, columns;
    float* piece[2];
    float* block;
    float* partials;
  };

  static void run(const Worker& worker, const Gemm& g) {
    const bool rowsSplit = splitsRows(g, worker.count);
    float* const shared = static_cast<float*>(worker.shared);
    const int64_t words = partWords(g);
    const int64_t tile = rowsSplit ? tileRows : tileColumns, length = rowsSplit ? g.m : g.n;
    const Range mine = share(worker, pieces(length, tile));
    const int64_t begin = least(mine.begin * tile, length), end = least(mine.end * tile, length);
    float* const scratch = static_cast<float*>(worker.scratch);
    float* const partials = scratch;
    float* const block = scratch + (keepsPartials(g) ? kPartialWords : 0);
    if (rowsSplit) {
      run({g, worker, worker.count > 1, begin, end - begin, 0, g.n, {shared, shared + pieceWords(g.n, words)}, block, partials});
    } else {
      float* const own = shared + worker.index * pieceWords(columnsEach(g.n, worker.count), words);
      run({g, worker, false, 0, g.m, begin, end - begin, {own, own}, block, partials});
    }
  }

  static void run(const Task& t) {
    const Gemm& g = t.g;
    const int64_t partCount = parts(g), words = partWords(g);
    const bool partial = keepsPartials(g);
    if (t.columns == 0) return;
    // Columns in equal blocks that fit a piece.
    const int64_t fitting = most(1, kColumnWords / (words * Words::vectors * Vf::lanes)) * tileColumns;
    const int64_t blockColumns = roundUp(pieces(t.columns, pieces(t.columns, fitting)), tileColumns);
    // Rows in rounds only where partial sums need scratch; all members do as many.
    const int64_t greatestRows = t.together ? pieces(pieces(g.m, tileRows), t.worker.count) * tileRows : t.rows;
    const int64_t roundRows = partial ? most(1, kPartialWords / (blockColumns * tileRows)) * tileRows : most(1, greatestRows);
    const int64_t rounds = most(1, pieces(greatestRows, roundRows));
    int turn = 0;
    for (int64_t j = 0; j < t.columns; j += blockColumns)
      for (int64_t round = 0; round < rounds; round++)
        for (int64_t part = 0; part < partCount; part++) {
          const int64_t k = part * words * Words::perWord, ks = most(0, least(g.k - k, words * Words::perWord));
          const Panels panels{t.column + j, least(blockColumns, t.columns - j), k, ks, pieces(ks, Words::perWord), t.piece[turn],
                              Words::vectors, laneColumns};
          turn ^= 1;
          pack(g, panels, t.together ? share(t.worker, panels.count()) : Range{0, panels.count()});
          if (t.together) t.worker.barrier();
          const int64_t first = round * roundRows, rows = least(roundRows, t.rows - first);
          if (rows > 0) multiply(t, panels, t.row + first, rows, partial, part == 0, part == partCount - 1);
        }
  }

  static void pack(const Gemm& g, const Panels& panels, Range range) {
    withType(g.bType, g.b, [&](auto b) {
      if (g.bWindows) packWindowColumns<Words>(b, *g.bWindows, panels, range);
      else if (g.bTransposed) packTransposedColumns<Words>(b, g.ldb, panels, range);
      else packColumns<Words>(b, g.ldb, panels, range);
    });
  }

  // Rows of A are words already, in whole words, and do not all fall into the same set of the cache.
  static bool readsInPlace(const Gemm& g, int64_t ks) {
    return !g.aTransposed && !g.aWindows && g.aType == Words::direct && ks % Words::perWord == 0 && g.lda % Words::perWord == 0 &&
           g.lda * 4 / Words::perWord % 2048 != 0;
  }

  // C is asked for before the tile is multiplied, so that writing it does not wait.
  static void prefetchTile(const Gemm& g, int64_t i, int64_t j, int64_t rows, int64_t columns) {
    const int64_t size = g.cType == Type::f32 ? 4 : 2;
    const char* row = static_cast<const char*>(g.c) + (i * g.ldc + j) * size;
    for (int64_t r = 0; r < rows; r++, row += g.ldc * size)
      for (int64_t byte = 0; byte < columns * size; byte += 64) __builtin_prefetch(row + byte, 1);
  }

  static void multiply(const Task& t, const Panels& panels, int64_t row, int64_t rows, bool partial, bool first, bool last) {
    const Gemm& g = t.g;
    const int64_t stride = rowStride(panels.words), step = g.aTransposed ? blockStep : tileRows;
    const int64_t blockRows = most(1, least(kBlockWords / stride, 192) / step) * step;
    const bool inPlace = readsInPlace(g, panels.ks);
    alignas(64) float tile[tileRows * tileColumns];
    for (int64_t i = 0; i < rows; i += blockRows) {
      const int64_t count = least(blockRows, rows - i);
      const int64_t direct = inPlace ? count / tileRows * tileRows : 0;  // whole tiles; a last one may be short
      if (direct < count)
        withType(g.aType, g.a, [&](auto a) {
          if (g.aWindows) packWindowRows<Words>(a, *g.aWindows, row + i, count, panels.k, panels.ks, t.block, stride, roundUp(count, tileRows));
          else if (g.aTransposed) packInterleavedRows<Words, blockStep>(a, g.lda, row + i, count, panels.k, panels.ks, t.block);
          else packRows<Words>(a, g.lda, row + i + direct, count - direct, panels.k, panels.ks, t.block, stride, roundUp(count - direct, tileRows));
        });
      const char* const in = static_cast<const char*>(g.a);
      const int64_t inBytes = g.lda * (4 / Words::perWord);
      for (int64_t panel = 0; panel < panels.count(); panel++) {
        const int vectors = panels.vectorsOf(panel);
        const int64_t column = panels.column + panels.first(panel), columns = least(vectors * laneColumns, panels.column + panels.columns - column);
        for (int64_t r = 0; r < count; r += tileRows) {
          prefetchTile(g, row + i + r, column, least(tileRows, count - r), columns);
          if (r < direct) Words::multiply(vectors, panels.words, in + (row + i + r) * inBytes + panels.k * (4 / Words::perWord), inBytes, panels.at(panel), tile);
          else if (g.aTransposed) Words::multiply(vectors, panels.words, t.block + (r / blockStep * panels.words * blockStep + r % blockStep), kInterleaved, panels.at(panel), tile);
          else Words::multiply(vectors, panels.words, t.block + (r - direct) * stride, stride * 4, panels.at(panel), tile);
          Partial sums{nullptr, 0, first, last};
          if (partial) {
            sums.stride = roundUp(panels.columns, tileColumns);
            sums.sums = t.partials + (i + r) * sums.stride + (column - panels.column);
          } else if (!(first && last)) {
            sums.stride = g.ldc;
            sums.sums = static_cast<float*>(g.c) + (row + i + r) * g.ldc + column;
          }
          finish(g, tile, vectors * laneColumns, row + i + r, column, least(tileRows, count - r), columns, sums);
        }
      }
    }
  }
};

}  // namespace octavo::OCTAVO_ISA
