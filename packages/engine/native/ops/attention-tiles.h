// Attention in one form of products. Queries go in blocks of kQueries; within a block, tiles of a few rows are multiplied with
// panels of keys that were packed once for all blocks that see them, and only where some row of the tile sees some key of the
// panel. Scores stay in the layout in which the micro-kernel leaves them, weights are written in the layouts in which it reads
// them. All sums follow the problem alone.
#pragma once
#include <initializer_list>
#include "../gemm/product.h"
#include "../simd/vector-math.h"
#include "attention-work.h"

namespace octavo::OCTAVO_ISA {

static constexpr int64_t kQueries = 64;

template <class Words> struct AttentionTiles {
  static constexpr int tileRows = Words::rows, perWord = Words::perWord, lanes = Vf::lanes, laneColumns = lanes * Words::columnsPerLane;
  static constexpr int groupRows = Product<Words>::blockStep;  // of the interleaved layout
  static constexpr int groupChunks = groupRows / lanes;
  static constexpr int64_t rows = (kQueries + tileRows - 1) / tileRows * tileRows;       // of a block, with those that only fill it
  static constexpr int64_t tiles = rows / tileRows, rowWords = rows / perWord;
  static_assert(rows % perWord == 0 && tileRows % perWord == 0);

  static int64_t wordsOf(int64_t k) { return pieces(k, perWord); }
  static int64_t strideOf(int64_t k) { return Product<Words>::rowStride(wordsOf(k)); }
  static Panels panelsOf(int64_t columns, int64_t k, float* out) { return {0, columns, 0, k, wordsOf(k), out, Words::vectors, laneColumns}; }
  static int64_t sizeOf(const Panels& panels) { return panels.total() * lanes * panels.words; }

  // Where the scores of one vector of keys lie: row r at offset + r · pitch.
  struct Chunk { int64_t offset, pitch; };

  const AttentionWork& w;
  uintptr_t at;
  int64_t widthStride, keyStride, chunkCount;
  Chunk* chunks;
  Panels keyColumns, keyRows, valueColumns, valueRows;  // columns: [W, S], the scores' operand; rows: [S, W]
  float *bias = nullptr, *queryWords, *scores, *weights;
  int64_t biasHead = -1, packed = -1;                   // whose bias, whose keys and values are at hand
  // Of the gradient alone:
  float *queryRows,                                     // panels of queries, then of dy: [rows, W]
      *dyWords, *dscores, *acrossWeights, *acrossDscores, *dkeys, *dvalues;
  int32_t *firstTile, *lastTile;                        // of those that wrote a vector of keys into the layouts `across`

  Keys open[rows];                                      // of each row of the block
  int64_t from[tiles], until[tiles];                    // vectors of keys that some row of a tile sees

  template <class T> T* take(int64_t count) {
    T* taken = reinterpret_cast<T*>(at);
    at += line(static_cast<size_t>(count) * sizeof(T));
    return taken;
  }
  Panels takePanels(int64_t columns, int64_t k) {
    Panels panels = panelsOf(columns, k, nullptr);
    panels.out = take<float>(sizeOf(panels));
    return panels;
  }

  // Cuts the scratch, in the same way when it is counted (memory null) and when it is used.
  AttentionTiles(const AttentionWork& work, void* memory, bool backward) : w(work), at(reinterpret_cast<uintptr_t>(memory)), widthStride(strideOf(w.width)), keyStride(strideOf(w.keys)) {
    keyColumns = takePanels(w.keys, w.width);
    chunkCount = keyColumns.total() * Words::columnsPerLane;
    chunks = take<Chunk>(chunkCount);
    if (w.bias != nullptr) bias = take<float>(w.distances() + lanes);
    queryWords = take<float>(rows * widthStride);
    scores = take<float>(rows * keyColumns.total() * laneColumns);
    weights = take<float>(rows * keyStride);
    if (backward) {
      keyRows = takePanels(w.width, w.keys), valueColumns = takePanels(w.keys, w.width);
      queryRows = takePanels(w.width, rows).out;
      dyWords = take<float>(rows * widthStride);
      dscores = take<float>(rows * keyColumns.total() * laneColumns);
      const int64_t across = roundUp(chunkCount * lanes, groupRows) * rowWords;
      acrossWeights = take<float>(across), acrossDscores = take<float>(across);
      dkeys = take<float>(w.keys * w.width), dvalues = take<float>(w.keys * w.width);
      firstTile = take<int32_t>(chunkCount), lastTile = take<int32_t>(chunkCount);
    } else {
      valueRows = takePanels(w.width, w.keys);
    }
    if (memory == nullptr) return;
    for (int64_t panel = 0, chunk = 0; panel < keyColumns.count(); ++panel) {
      const int64_t pitch = keyColumns.vectorsOf(panel) * laneColumns, offset = rows * keyColumns.first(panel);
      for (int64_t i = 0; i < pitch; i += lanes) chunks[chunk++] = {offset + i, pitch};
    }
  }
  size_t used() const { return at; }

  static Vf laneIndex() {
    float index[lanes];
    for (int i = 0; i < lanes; ++i) index[i] = static_cast<float>(i);
    return Vf::load(index);
  }
  // v where the keys of the chunk lie in `seen`, `other` elsewhere.
  static Vf keep(Vf v, Vf other, const Keys& seen, int64_t chunk) {
    const int64_t first = chunk * lanes;
    if (first >= seen.first && first + lanes <= seen.end) return v;
    const Vf index = laneIndex();
    return select((index >= Vf::set1(static_cast<float>(seen.first - first))) & (index < Vf::set1(static_cast<float>(seen.end - first))), v, other);
  }

  template <class T> void packKeys(int64_t b, int64_t group, bool backward) {
    if (packed == b * w.groups + group) return;
    packed = b * w.groups + group;
    const T* key = static_cast<const T*>(w.crosses() ? w.memory.data : w.qkv.data) + w.key(b, 0, group);
    const T* value = key + w.groups * w.width;
    const auto all = [](const Panels& panels) { return Range{0, panels.count()}; };
    packTransposedColumns<Words>(key, w.keyStride(), keyColumns, all(keyColumns));
    if (!backward) return packColumns<Words>(value, w.keyStride(), valueRows, all(valueRows));
    packColumns<Words>(key, w.keyStride(), keyRows, all(keyRows));
    packTransposedColumns<Words>(value, w.keyStride(), valueColumns, all(valueColumns));
  }

  // Brings the bias of a head into a row.
  void bringBias(int64_t head) {
    if (bias == nullptr || head == biasHead) return;
    biasHead = head;
    for (int64_t i = 0; i < w.distances(); ++i) bias[i] = w.bias[i * w.heads + head];
    for (int64_t i = 0; i < lanes; ++i) bias[w.distances() + i] = 0;
  }

  // Which keys the rows and tiles of a block see.
  void look(int64_t b, int64_t t, int64_t queries) {
    for (int64_t tile = 0; tile < tiles; ++tile) {
      from[tile] = chunkCount, until[tile] = 0;
      for (int64_t r = tile * tileRows; r < (tile + 1) * tileRows; ++r) {
        open[r] = r < queries ? w.open(b, t + r) : Keys{0, 0};
        if (open[r].count() == 0) continue;
        from[tile] = least(from[tile], open[r].first / groupRows * groupChunks), until[tile] = most(until[tile], least(pieces(open[r].end, groupRows) * groupChunks, chunkCount));
      }
    }
  }
  bool isClosed(int64_t tile) const { return until[tile] <= from[tile]; }

  // out ← rows of the block times the panels of keys or values that they see.
  void multiplyByKeys(const float* left, const Panels& right, float* out) const {
    for (int64_t panel = 0; panel < right.count(); ++panel) {
      const int vectors = right.vectorsOf(panel);
      const int64_t first = right.firstVector(panel) * Words::columnsPerLane, end = first + vectors * Words::columnsPerLane, pitch = vectors * laneColumns;
      float* to = out + rows * right.first(panel);
      for (int64_t tile = 0; tile < tiles; ++tile, to += tileRows * pitch)
        if (from[tile] < end && until[tile] > first) Words::multiply(vectors, right.words, left + tile * tileRows * widthStride, widthStride * 4, right.at(panel), to);
    }
  }

  // f(row, column, count, sums) for each vector of the first `present` rows of a tile of weights times panels whose rows are keys.
  template <class F> void multiplyWeights(int64_t tile, int64_t present, const Panels& right, F f) const {
    alignas(64) float sums[tileRows * Words::vectors * laneColumns];
    const int64_t first = from[tile] * lanes / perWord, words = wordsOf(least(until[tile] * lanes, w.keys)) - first;
    for (int64_t panel = 0; panel < right.count(); ++panel) {
      const int vectors = right.vectorsOf(panel);
      Words::multiply(vectors, words, weights + tile * tileRows * keyStride + first, keyStride * 4, right.at(panel) + first * vectors * lanes, sums);
      eachVector(tile * tileRows, present, right, panel, sums, f);
    }
  }
  template <class F> static inline __attribute__((always_inline)) void eachVector(int64_t row, int64_t present, const Panels& right, int64_t panel, const float* sums, F f) {
    const int64_t pitch = right.vectorsOf(panel) * laneColumns, first = right.first(panel), columns = least(pitch, right.columns - first);
    for (int64_t r = 0; r < present; ++r) {
      int64_t c = 0;
      for (; c + lanes <= columns; c += lanes) f(row + r, first + c, static_cast<int64_t>(lanes), Vf::load(sums + r * pitch + c));
      if (c < columns) f(row + r, first + c, columns - c, Vf::load(sums + r * pitch + c));
    }
  }

  template <class T> void packQueries(const T* query, int64_t stride, int64_t queries, float* out) const {
    packRows<Words>(query, stride, 0, queries, 0, w.width, out, widthStride, rows);
  }

  // Rows of a head lie too far apart for the machine to foresee them: they are asked for while others are multiplied.
  template <class T> void ask(const T* from, int64_t stride, int64_t count) const {
    for (int64_t r = 0; r < count; ++r)
      for (int64_t c = 0; c < w.width; c += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(from + r * stride + c);
  }

  // Score of a vector of keys: scaled, with its bias.
  Vf scoreAt(int64_t row, int64_t chunk, const float* biasRow) const {
    const Vf s = Vf::load(scores + chunks[chunk].offset + row * chunks[chunk].pitch);
    const Vf scale = Vf::set1(w.scale);
    return biasRow == nullptr ? s * scale : fma(s, scale, Vf::load(biasRow + chunk * lanes));
  }

  template <class T> void forwardBlock(int64_t b, int64_t head, int64_t t, T* y, float* logSums) {
    const int64_t queries = smaller(kQueries, w.time - t);
    packKeys<T>(b, w.groupOf(head), false);
    bringBias(head);
    look(b, t, queries);
    const T* query = static_cast<const T*>(w.qkv.data) + w.query(b, t, head);
    packQueries(query, w.queryStride(), queries, queryWords);
    ask(query + queries * w.queryStride(), w.queryStride(), smaller(kQueries, w.time - t - queries));
    multiplyByKeys(queryWords, keyColumns, scores);
    // Row after row, each of these loops would wait for its own last sum; over all rows they overlap.
    float highest[rows], totals[rows];
    for (int64_t row = 0; row < rows; ++row) highest[row] = highestScore(row, biasOf(t + row));
    for (int64_t row = 0; row < rows; ++row) totals[row] = weigh(row, highest[row], biasOf(t + row));
    if (logSums != nullptr)
      for (int64_t row = 0; row < queries; row += lanes) storeUpTo(loadUpTo(highest + row, rows - row) + log(loadUpTo(totals + row, rows - row)), logSums + t + row, queries - row);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      if (isClosed(tile)) {
        for (int64_t r = tile * tileRows; r < least((tile + 1) * tileRows, queries); ++r)
          for (int64_t c = 0; c < w.width; c += lanes) storeUpTo(Vf::zero(), y + r * w.outer() + c, w.width - c);
        continue;
      }
      multiplyWeights(tile, least(tileRows, queries - tile * tileRows), valueRows, [&](int64_t row, int64_t column, int64_t count, Vf sums) {
        storeUpTo(sums * Vf::set1(open[row].count() > 0 ? 1.0f / totals[row] : 0.0f), y + row * w.outer() + column, count);
      });
    }
  }

  const float* biasOf(int64_t t) const { return bias == nullptr ? nullptr : bias + w.distance(t); }

  // −∞ where a row sees no key.
  float highestScore(int64_t row, const float* biasRow) const {
    const Vf lowest = Vf::set1(-__builtin_inff());
    Vf most = lowest;
    if (open[row].count() > 0)
      for (int64_t chunk = open[row].first / lanes; chunk < pieces(open[row].end, lanes); ++chunk) most = max(most, keep(scoreAt(row, chunk, biasRow), lowest, open[row], chunk));
    return maximum(most);
  }

  // Weights of a row, exp(score − highest) → their sum.
  float weigh(int64_t row, float highest, const float* biasRow) const {
    const Keys seen = open[row];
    const int64_t tile = row / tileRows, first = seen.first / lanes, end = seen.count() > 0 ? pieces(seen.end, lanes) : first;
    float* out = weights + row * keyStride;
    Vf sums = Vf::zero();
    for (int64_t chunk = from[tile]; chunk < until[tile]; ++chunk) {
      Vf e = Vf::zero();
      if (chunk >= first && chunk < end) e = keep(exp(scoreAt(row, chunk, biasRow) - Vf::set1(highest)), Vf::zero(), seen, chunk);
      Words::storeAlong(e, out, chunk * lanes);
      sums = sums + e;
    }
    return sum(sums);
  }

  template <class T> struct Flow { const T* from; int64_t stride; const float* across; float* sums; };

  // What flows through a block of queries: dquery; and dkeys, dvalues, dbias (by distance) where they are wanted.
  template <class T> void backwardBlock(int64_t b, int64_t head, int64_t t, const T* y, const T* dy, const float* logSums, T* dquery, bool intoKeys, float* dbias) {
    const int64_t queries = smaller(kQueries, w.time - t);
    const T* query = static_cast<const T*>(w.qkv.data) + w.query(b, t, head);
    bringBias(head);
    look(b, t, queries);
    packQueries(query, w.queryStride(), queries, queryWords);
    packQueries(dy, w.outer(), queries, dyWords);
    ask(y, w.outer(), queries);
    ask(query + queries * w.queryStride(), w.queryStride(), smaller(kQueries, w.time - t - queries));
    ask(dy + queries * w.outer(), w.outer(), smaller(kQueries, w.time - t - queries));
    multiplyByKeys(queryWords, keyColumns, scores);
    multiplyByKeys(dyWords, valueColumns, dscores);
    float deltas[rows];
    for (int64_t r = 0; r < queries; ++r) {
      Vf along = Vf::zero();
      for (int64_t c = 0; c < w.width; c += lanes) along = fma(loadUpTo(y + r * w.outer() + c, w.width - c), loadUpTo(dy + r * w.outer() + c, w.width - c), along);
      deltas[r] = sum(along);
    }
    for (int64_t chunk = 0; chunk < chunkCount; ++chunk) firstTile[chunk] = lastTile[chunk] = -1;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      if (isClosed(tile)) {
        for (int64_t r = tile * tileRows; r < least((tile + 1) * tileRows, queries); ++r)
          for (int64_t c = 0; c < w.width; c += lanes) storeUpTo(Vf::zero(), dquery + r * w.queryStride() + c, w.width - c);
        continue;
      }
      for (int64_t chunk = from[tile]; chunk < until[tile]; ++chunk) {
        if (firstTile[chunk] < 0) firstTile[chunk] = static_cast<int32_t>(tile);
        else for (int64_t skipped = lastTile[chunk] + 1; skipped < tile; ++skipped) clearAcross(skipped, chunk);
        lastTile[chunk] = static_cast<int32_t>(tile);
      }
      for (int64_t row = tile * tileRows; row < (tile + 1) * tileRows; row += perWord) differentiateRows(row, t, queries, deltas, logSums, dbias);
      multiplyWeights(tile, least(tileRows, queries - tile * tileRows), keyRows, [&](int64_t row, int64_t column, int64_t count, Vf sums) {
        storeUpTo(sums * Vf::set1(w.scale), dquery + row * w.queryStride() + column, count);
      });
    }
    if (!intoKeys) return;
    for (const auto& [from, stride, across, sums] : {Flow<T>{query, w.queryStride(), acrossDscores, dkeys}, Flow<T>{dy, w.outer(), acrossWeights, dvalues}}) {
      const Panels right = panelsOf(w.width, queries, queryRows);
      packColumns<Words>(from, stride, right, Range{0, right.count()});
      addAcross(across, right, sums);
    }
  }
  float* acrossAt(float* across, int64_t row, int64_t chunk) const {
    const int64_t key = chunk * lanes;
    return across + key / groupRows * groupRows * rowWords + row / perWord * groupRows + key % groupRows;
  }
  void clearAcross(int64_t tile, int64_t chunk) {
    for (int64_t row = tile * tileRows; row < (tile + 1) * tileRows; row += perWord)
      for (float* across : {acrossWeights, acrossDscores}) Vf::zero().store(acrossAt(across, row, chunk));
  }

  // Scores of the rows of one word → weights, and dscores = weights ⊙ (dweights − δ) with δ = Σ y ⊙ dy of the row.
  void differentiateRows(int64_t row, int64_t t, int64_t queries, const float* deltas, const float* logSums, float* dbias) {
    const int64_t tile = row / tileRows;
    Vf delta[perWord], logSum[perWord];
    const float* biasRow[perWord];
    float* sums[perWord];
    for (int i = 0; i < perWord; ++i) {
      const int64_t r = row + i;
      delta[i] = Vf::set1(r < queries ? deltas[r] : 0.0f);
      logSum[i] = Vf::set1(r < queries ? logSums[t + r] : 0.0f);
      biasRow[i] = biasOf(t + r);
      sums[i] = dbias == nullptr ? nullptr : dbias + w.distance(t + r);
    }
    for (int64_t chunk = from[tile]; chunk < until[tile]; ++chunk) {
      const int64_t first = chunk * lanes;
      Vf p[perWord], ds[perWord];
      for (int i = 0; i < perWord; ++i) {
        const Keys& seen = open[row + i];
        p[i] = ds[i] = Vf::zero();
        if (first >= seen.end || first + lanes <= seen.first) continue;
        p[i] = keep(exp(scoreAt(row + i, chunk, biasRow[i]) - logSum[i]), Vf::zero(), seen, chunk);
        ds[i] = keep(p[i] * (Vf::load(dscores + chunks[chunk].offset + (row + i) * chunks[chunk].pitch) - delta[i]), Vf::zero(), seen, chunk);
        if (sums[i] != nullptr) storeUpTo(loadUpTo(sums[i] + first, w.keys - first) + ds[i], sums[i] + first, w.keys - first);
      }
      for (int i = 0; i < perWord; ++i) Words::storeAlong(ds[i], weights + (row + i) * keyStride, first);
      Words::storeAcross(p[0], p[perWord - 1], acrossAt(acrossWeights, row, chunk));
      Words::storeAcross(ds[0], ds[perWord - 1], acrossAt(acrossDscores, row, chunk));
    }
  }

  // sums[keys, W] += acrossᵀ · right, over the tiles of queries that see a key.
  void addAcross(const float* across, const Panels& right, float* sums) const {
    alignas(64) float product[tileRows * Words::vectors * laneColumns];
    for (int64_t key = 0; key < w.keys; key += tileRows) {
      int64_t first = tiles, last = -1;
      for (int64_t chunk = key / lanes; chunk < pieces(least(key + tileRows, w.keys), lanes); ++chunk) {
        if (firstTile[chunk] < 0) continue;
        first = least(first, firstTile[chunk]), last = most(last, lastTile[chunk]);
      }
      if (last < 0) continue;
      const int64_t word = first * tileRows / perWord, words = least((last + 1) * tileRows / perWord, right.words) - word;
      const float* left = across + key / groupRows * groupRows * rowWords + word * groupRows + key % groupRows;
      for (int64_t panel = 0; panel < right.count(); ++panel) {
        const int vectors = right.vectorsOf(panel);
        Words::multiply(vectors, words, left, kInterleaved, right.at(panel) + word * vectors * lanes, product);
        eachVector(key, least(tileRows, w.keys - key), right, panel, product, [&](int64_t row, int64_t column, int64_t count, Vf v) {
          storeUpTo(loadUpTo(sums + row * w.width + column, count) + v, sums + row * w.width + column, count);
        });
      }
    }
  }

  // What flows into one group of keys and values, and into the queries of its heads.
  template <class T> void backwardGroup(const Call& call, int64_t b, int64_t group, float* biasSums) {
    const Operand *y = call.operands + 1, *dy = call.operands + 3, *dqkv = call.operands + 8;
    T* dstored = static_cast<T*>(w.crosses() ? call.operands[9].data : dqkv->data);
    const int64_t perGroup = w.heads / w.groups;
    packKeys<T>(b, group, true);
    for (int64_t i = 0; i < w.keys * w.width; ++i) dkeys[i] = dvalues[i] = 0;
    for (int64_t head = group * perGroup; head < (group + 1) * perGroup; ++head) {
      const float* logSums = static_cast<const float*>(call.operands[2].data) + (b * w.heads + head) * w.time;
      float* dbias = biasSums == nullptr ? nullptr : biasSums + (b * w.heads + head) * w.distances();
      if (dbias != nullptr)
        for (int64_t i = 0; i < w.distances(); ++i) dbias[i] = 0;
      for (int64_t t = 0; t < w.time; t += kQueries) {
        const int64_t row = (b * w.time + t) * w.outer() + head * w.width;
        backwardBlock(b, head, t, static_cast<const T*>(y->data) + row, static_cast<const T*>(dy->data) + row, logSums, static_cast<T*>(dqkv->data) + w.query(b, t, head), dstored != nullptr, dbias);
      }
    }
    if (dstored == nullptr) return;
    const Vf scale = Vf::set1(w.scale);
    for (int64_t j = 0; j < w.keys; ++j) {
      T* key = dstored + w.key(b, j, group);
      T* value = key + w.groups * w.width;
      for (int64_t i = 0; i < w.width; i += lanes) {
        storeUpTo(loadUpTo(dkeys + j * w.width + i, w.width - i) * scale, key + i, w.width - i);
        storeUpTo(loadUpTo(dvalues + j * w.width + i, w.width - i), value + i, w.width - i);
      }
    }
  }
};

// A piece of work is a (batch, head, block) forward; backward a (batch, group), whose member computes all that flows into its
// keys and values.
template <class Words, class T> static void attentionForward(const Call& call, const Worker& worker) {
  const AttentionWork w(call, 1);
  AttentionTiles<Words> tiles(w, worker.scratch, false);
  const int64_t blocks = pieces(w.time, kQueries);
  const Range units = share(worker, w.batch * w.heads * blocks);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / blocks, b = row / w.heads, head = row % w.heads, t = unit % blocks * kQueries;
    float* logSums = call.operands[6].data == nullptr ? nullptr : static_cast<float*>(call.operands[6].data) + row * w.time;
    tiles.template forwardBlock<T>(b, head, t, static_cast<T*>(call.operands[5].data) + (b * w.time + t) * w.outer() + head * w.width, logSums);
  }
}

template <class Words, class T> static void attentionBackward(const Call& call, const Worker& worker) {
  const AttentionWork w(call, 4);
  AttentionTiles<Words> tiles(w, worker.scratch, true);
  float* dbias = static_cast<float*>(call.operands[10].data);
  float* biasSums = dbias == nullptr || w.bias == nullptr ? nullptr : static_cast<float*>(worker.shared);  // [batch, heads, distances]
  const Range units = share(worker, w.batch * w.groups);
  for (int64_t unit = units.begin; unit < units.end; ++unit) tiles.template backwardGroup<T>(call, unit / w.groups, unit % w.groups, biasSums);
  if (biasSums == nullptr) return;
  worker.barrier();
  const Range mine = share(worker, w.distances());
  for (int64_t i = mine.begin; i < mine.end; ++i)
    for (int64_t head = 0; head < w.heads; ++head) {
      double total = 0;
      for (int64_t b = 0; b < w.batch; ++b) total += biasSums[(b * w.heads + head) * w.distances() + i];
      dbias[i * w.heads + head] = static_cast<float>(total);
    }
}

template <class Words> static GemmMemory attentionMemoryOf(const Call& call, bool backward) {
  const AttentionWork w(call, backward ? 4 : 1);
  const bool gathers = backward && call.operands[10].data != nullptr;
  return {AttentionTiles<Words>(w, nullptr, backward).used(), gathers ? static_cast<size_t>(w.batch * w.heads * w.distances()) * 4 : 0};
}

}  // namespace octavo::OCTAVO_ISA
