#pragma once
// What LSTM and GRU share: who owns what, the product of a step, and where the state lies between steps.
// A member owns hidden units, or, where the whole weight stays in its cache, rows of the batch: then no member waits for
// another. It packs its columns of the weight once. The state is words of the product's A, in two buffers in turn, so that
// one barrier a step is enough. Neither cut moves bits: an element is one chain of sums (gemm/resident.h).
namespace octavo::OCTAVO_ISA {

// Values of any float dtype, a vector at a time.
struct Floats {
  void* data;
  int32_t dtype;
  Floats(const Operand& o) : data(o.data), dtype(o.dtype) {}
  explicit operator bool() const { return data != nullptr; }
  Vf load(int64_t i, int64_t left) const {
    if (dtype == 0) return loadUpTo(static_cast<const float*>(data) + i, left);
    if (dtype == 1) return loadUpTo(static_cast<const bf16*>(data) + i, left);
    return loadUpTo(static_cast<const f16*>(data) + i, left);
  }
  // Asks for the lines of `count` values: what a step touches lies far apart, where no prefetcher follows.
  void ask(int64_t i, int64_t count) const {
    if (data == nullptr) return;
    const int64_t bytes = dtype == 0 ? 4 : 2;
    const char* const from = static_cast<const char*>(data) + i * bytes;
    for (int64_t at = 0; at < count * bytes; at += 64) __builtin_prefetch(from + at, 0, 2);
    __builtin_prefetch(from + count * bytes - 1, 0, 2);
  }
  // Nothing where nobody reads it.
  void store(Vf v, int64_t i, int64_t left) const {
    if (data == nullptr) return;
    if (dtype == 0) storeUpTo(v, static_cast<float*>(data) + i, left);
    else if (dtype == 1) storeUpTo(v, static_cast<bf16*>(data) + i, left);
    else storeUpTo(v, static_cast<f16*>(data) + i, left);
  }
};

// p: batch, time, units, gates · units, reverse.
struct Recurrence {
  static constexpr int64_t blockTiles = 4;                // rows of A multiplied by a panel before the next set of columns
  static constexpr int64_t residentBytes = 640 * 1024;    // a packed weight that stays in the cache of a member
  const ResidentForm& form;
  int64_t batch, time, units, gates;
  bool reverse, backward;                                 // backward contracts over gates · units
  int64_t k, words, stride, sets;
  int64_t tiles, vectors;                                 // of rows, of units

  Recurrence(const Call& call, const Operand& weight, bool backward)
      : form(residentForm(typeOf(weight), call.form)), batch(call.p[0]), time(call.p[1]), units(call.p[2]),
        gates(units > 0 ? static_cast<int64_t>(call.p[3]) / units : 1), reverse(call.p[4] != 0), backward(backward),
        k(backward ? gates * units : units), words(pieces(k, form.perWord)), stride(roundUp(words, Vf::lanes) + 16),
        sets(backward ? 1 : gates), tiles(pieces(batch, form.tileRows)), vectors(pieces(units, form.laneColumns)) {}

  bool byRows(int count) const {
    if (count == 1) return true;
    if (gates * units * words * 4 / (backward ? gates : 1) > residentBytes) return false;
    return tiles * pieces(vectors, count) >= vectors * pieces(tiles, count);
  }
  int64_t blockRows() const { return blockTiles * form.tileRows; }
  int64_t vectorsEach(int count) const { return byRows(count) ? vectors : pieces(vectors, count); }
  int64_t rowsEach(int count) const { return byRows(count) ? pieces(tiles, count) * form.tileRows : tiles * form.tileRows; }
  int64_t panelFloats(int64_t ownVectors) const { return ownVectors * Vf::lanes * words; }
  int64_t blockFloats() const { return blockRows() * form.vectors * form.laneColumns; }

  // Scratch: [panels][a block for each gate][states].
  GemmMemory memory(int count, int64_t states) const {
    const int64_t own = vectorsEach(count);
    const int64_t scratch = sets * panelFloats(own) + gates * blockFloats() + states * rowsEach(count) * own * form.laneColumns;
    return {static_cast<size_t>(scratch) * 4, static_cast<size_t>(2 * tiles * form.tileRows * stride) * 4};
  }
};

// Rows [row, row + rows) and units [unit, unit + present) of a step; sums of gate g at sums + g · apart, rows width apart.
struct RecurrentBlock {
  int64_t row, rows, unit, present, width;
  float* sums;
  int64_t apart;
};

// One member's part.
struct RecurrentTeam {
  const Recurrence& s;
  const Worker& worker;
  bool together;
  Range rows, own;
  int64_t ownVectors, ownStride, stateFloats;
  float *panels, *blocks, *states, *buffers[2];

  RecurrentTeam(const Recurrence& s, const Worker& worker) : s(s), worker(worker) {
    const bool byRows = s.byRows(worker.count);
    together = !byRows;
    const Range all = share(worker, byRows ? s.tiles : s.vectors);
    rows = byRows ? Range{all.begin * s.form.tileRows, least(s.batch, all.end * s.form.tileRows)} : Range{0, s.batch};
    own = byRows ? Range{0, s.units} : Range{all.begin * s.form.laneColumns, least(s.units, all.end * s.form.laneColumns)};
    ownVectors = pieces(most(0, own.end - own.begin), s.form.laneColumns);
    ownStride = ownVectors * s.form.laneColumns;
    stateFloats = s.rowsEach(worker.count) * ownStride;
    panels = static_cast<float*>(worker.scratch);
    blocks = panels + s.sets * s.panelFloats(ownVectors);
    states = blocks + s.gates * s.blockFloats();
    buffers[0] = static_cast<float*>(worker.shared);
    buffers[1] = buffers[0] + s.tiles * s.form.tileRows * s.stride;
  }
  // A state of this member's rows and units, number `index`.
  float* state(int64_t index, int64_t row, int64_t unit) const {
    return states + index * stateFloats + (row - rows.begin) * ownStride + unit - own.begin;
  }
  void meet() const { if (together) worker.barrier(); }

  // Packs the weight [gates · units, units], and clears the buffers: what no member writes is read as well.
  void begin(const Operand& weight) const {
    for (int64_t set = 0; set < s.sets && own.begin < own.end; ++set)
      s.form.pack({weight.data, typeOf(weight), s.units, !s.backward, set * s.units + own.begin, own.end - own.begin, s.k}, panels + set * s.panelFloats(ownVectors));
    const Range cleared = together ? share(worker, s.tiles) : Range{rows.begin / s.form.tileRows, pieces(rows.end, s.form.tileRows)};
    for (float* buffer : buffers)
      for (int64_t i = cleared.begin * s.form.tileRows * s.stride; i < cleared.end * s.form.tileRows * s.stride; ++i) buffer[i] = 0;
    meet();
  }

  // Calls f with each block of this member, its sums the product with the words of `from`, or 0 where that is null; and
  // before the product ask(b, unit, count) for each row, which says what f is going to touch.
  template <class Ask, class F> void eachBlock(const float* from, Ask ask, F f) const {
    const Panels of{own.begin, most(0, own.end - own.begin), 0, s.k, s.words, panels, s.form.vectors, s.form.laneColumns};
    for (int64_t panel = 0; panel < of.count(); ++panel) {
      const int64_t unit = own.begin + of.first(panel), width = of.vectorsOf(panel) * s.form.laneColumns;
      for (int64_t row = rows.begin; row < rows.end; row += s.blockRows()) {
        const int64_t count = least(s.blockRows(), rows.end - row), present = least(width, own.end - unit);
        for (int64_t b = row; b < row + count; ++b) ask(b, unit, present);
        for (int64_t set = 0; set < s.sets; ++set) {
          float* const sums = blocks + set * s.blockFloats();
          const int64_t whole = roundUp(count, s.form.tileRows);
          if (from != nullptr) s.form.multiply(from + row * s.stride, s.stride, whole, s.words, of.at(panel) + set * s.panelFloats(ownVectors), of.vectorsOf(panel), sums);
          else for (int64_t i = 0; i < whole * width; i += Vf::lanes) Vf::zero().store(sums + i);
        }
        f(RecurrentBlock{row, count, unit, present, width, blocks, s.blockFloats()});
      }
    }
  }
  // Calls f(row in block, b, first unit, left) for each vector of a block.
  template <class F> static inline void eachVector(const RecurrentBlock& block, F f) {
    for (int64_t r = 0; r < block.rows; ++r)
      for (int64_t u = 0; u < block.present; u += Vf::lanes) f(block.sums + r * block.width + u, block.row + r, block.unit + u, block.present - u);
  }
  // Rows of gate `gate` of a block become words of `to`.
  void keep(const RecurrentBlock& block, int64_t gate, float* to) const {
    s.form.store(block.sums + gate * block.apart, block.width, block.rows, block.present, to + block.row * s.stride, s.stride, gate * s.units + block.unit);
  }
  // A state [batch, units] from an operand, 0 where that is absent; and to one.
  void fill(int64_t index, const Operand& from) const {
    const Floats values(from);
    for (int64_t b = rows.begin; b < rows.end; ++b)
      for (int64_t u = own.begin; u < own.end; u += Vf::lanes) (values ? values.load(b * s.units + u, own.end - u) : Vf::zero()).store(state(index, b, u));
  }
  void leave(int64_t index, const Operand& to) const {
    const Floats values(to);
    if (!values) return;
    for (int64_t b = rows.begin; b < rows.end; ++b)
      for (int64_t u = own.begin; u < own.end; u += Vf::lanes) values.store(Vf::load(state(index, b, u)), b * s.units + u, own.end - u);
  }
  void keepState(int64_t index, float* to) const {
    if (own.begin < own.end && rows.begin < rows.end)
      s.form.store(state(index, rows.begin, own.begin), ownStride, rows.end - rows.begin, own.end - own.begin, to + rows.begin * s.stride, s.stride, own.begin);
  }
};

static inline bool runsAt(const int32_t* lengths, int64_t b, int64_t t) { return lengths == nullptr || t < lengths[b]; }

}  // namespace octavo::OCTAVO_ISA
