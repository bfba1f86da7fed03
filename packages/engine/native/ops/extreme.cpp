// The largest (or smallest) element along the middle of [outer, n, inner], and where the first of them is.
// p: outer, n, inner, sign (−1: smallest).  Cut into an outer index and a block of columns.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kExtremeColumns = 64;

struct Best { Vf value, index; };  // the index as bits of an int32

// Columns are lanes: the first `count` rows, `stride` apart. A NaN is taken once and kept.
template <class T> static Best bestOfColumns(const T* in, int64_t count, int64_t stride, int64_t lanes, float sign) {
  const Vf by = Vf::set1(sign);
  Best best{loadUpTo(in, lanes) * by, Vf::zero()};
  for (int64_t j = 1; j < count; ++j) {
    const Vf value = loadUpTo(in + j * stride, lanes) * by;
    const Vm taken = (value > best.value) | ((value != value) & (best.value == best.value));
    best.value = select(taken, value, best.value);
    best.index = select(taken, floatOf(Vi{} + static_cast<int32_t>(j)), best.index);
  }
  best.value = best.value * by;
  return best;
}

// A row lies along memory: lanes keep their own best, joined at the end.
template <class T> static void bestOfRow(const T* in, int64_t count, float sign, float* value, int32_t* index) {
  alignas(64) float values[Vf::lanes];
  alignas(64) int32_t indices[Vf::lanes];
  int64_t from = 0;
  float best = sign * toFloat(in[0]);
  int32_t where = 0;
  if (count >= 2 * Vf::lanes) {
    Best lanes{Vf::load(in) * Vf::set1(sign), Vf::zero()};
    for (from = Vf::lanes; from + Vf::lanes <= count; from += Vf::lanes) {
      const Vf next = Vf::load(in + from) * Vf::set1(sign);
      const Vm taken = (next > lanes.value) | ((next != next) & (lanes.value == lanes.value));
      lanes.value = select(taken, next, lanes.value);
      lanes.index = select(taken, floatOf(Vi{} + static_cast<int32_t>(from)), lanes.index);
    }
    lanes.value.store(values);
    lanes.index.store(reinterpret_cast<float*>(indices));
    best = values[0], where = indices[0];
    for (int l = 1; l < Vf::lanes; ++l) {
      const int32_t at = indices[l] + l;
      const bool bothNan = values[l] != values[l] && best != best, equal = values[l] == best || bothNan;
      if ((equal && at < where) || (!equal && best == best && !(values[l] < best))) best = values[l], where = at;
    }
  }
  for (int64_t i = from; i < count; ++i) {
    const float next = sign * toFloat(in[i]);
    if (next > best || (next != next && best == best)) best = next, where = static_cast<int32_t>(i);
  }
  *value = sign * best;
  *index = where;
}

static void extreme(const Call& call, const Worker& worker) {
  const int64_t outer = call.p[0], n = call.p[1], inner = call.p[2];
  const float sign = static_cast<float>(call.p[3]);
  const Operand &x = call.operands[0], &y = call.operands[2];
  const int32_t* lengths = static_cast<const int32_t*>(call.operands[1].data);
  int32_t* indices = static_cast<int32_t*>(call.operands[3].data);
  const int64_t blocks = (inner + kExtremeColumns - 1) / kExtremeColumns;
  const Range units = share(worker, outer * blocks);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t o = unit / blocks, first = unit % blocks * kExtremeColumns, end = smaller(inner, first + kExtremeColumns);
      const int64_t count = lengths == nullptr ? n : larger(0, smaller(n, lengths[o]));
      const T* in = static_cast<const T*>(x.data) + o * n * inner;
      T* out = static_cast<T*>(y.data) + o * inner;
      for (int64_t c = first; c < end; c += Vf::lanes) {
        const int64_t lanes = smaller(Vf::lanes, end - c);
        Best best{Vf::zero(), floatOf(Vi{} - 1)};
        if (count > 0 && inner == 1) {
          float value;
          int32_t index;
          bestOfRow(in, count, sign, &value, &index);
          best = {Vf::set1(value), floatOf(Vi{} + index)};
        } else if (count > 0) {
          best = bestOfColumns(in + c, count, inner, lanes, sign);
        }
        storeUpTo(best.value, out + c, lanes);
        if (indices != nullptr) storeUpTo(best.index, reinterpret_cast<float*>(indices + o * inner + c), lanes);
      }
    }
  });
}
static constexpr KernelEntry kExtreme{"extreme", extreme, nullptr};

}  // namespace octavo::OCTAVO_ISA
