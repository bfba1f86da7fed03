// The first k of each row in order, with their indices; equal elements keep their order, NaN counts as largest.
// p: rows, n, k, descending.  Cut into whole rows.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kFewSorted = 32;

struct SortKey { uint32_t key; int32_t index; };

// Unsigned integers in the order of the floats.
static inline uint32_t orderOf(float value, bool descending) {
  const uint32_t bits = value == 0 ? 0 : octavo::bitsOf(value);
  const uint32_t key = value != value ? 0xffffffffu : bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return descending ? ~key : key;
}

// first[0, k) ← the k smallest of a row, by insertion.
template <class T> static void sortFew(const T* in, int64_t n, int64_t k, bool descending, SortKey* first) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t key = orderOf(toFloat(in[i]), descending);
    if (count == k && key >= first[k - 1].key) continue;
    int64_t at = count < k ? count++ : k - 1;
    for (; at > 0 && first[at - 1].key > key; --at) first[at] = first[at - 1];
    first[at] = {key, static_cast<int32_t>(i)};
  }
}

// A radix sort, least byte first; returns which of the two buffers holds the result. Bytes that all keys share are skipped.
template <class T> static const SortKey* sortAll(const T* in, int64_t n, bool descending, SortKey* from, SortKey* to) {
  int64_t counts[4][256] = {};
  for (int64_t i = 0; i < n; ++i) {
    from[i] = {orderOf(toFloat(in[i]), descending), static_cast<int32_t>(i)};
    for (int byte = 0; byte < 4; ++byte) counts[byte][from[i].key >> 8 * byte & 255]++;
  }
  for (int byte = 0; byte < 4; ++byte) {
    if (counts[byte][from[0].key >> 8 * byte & 255] == n) continue;
    int64_t start = 0;
    for (int64_t& count : counts[byte]) {
      const int64_t here = count;
      count = start;
      start += here;
    }
    for (int64_t i = 0; i < n; ++i) to[counts[byte][from[i].key >> 8 * byte & 255]++] = from[i];
    SortKey* const other = from;
    from = to, to = other;
  }
  return from;
}

static void sort(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], n = call.p[1], k = call.p[2];
  const bool descending = call.p[3] != 0;
  if (n == 0 || k == 0) return;
  const Operand &x = call.operands[0], &y = call.operands[1];
  int32_t* indices = static_cast<int32_t*>(call.operands[2].data);
  SortKey* const keys = static_cast<SortKey*>(worker.scratch);
  const Range units = share(worker, rows);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t r = units.begin; r < units.end; ++r) {
      const T* in = static_cast<const T*>(x.data) + r * n;
      const SortKey* found = keys;
      if (k <= kFewSorted) sortFew(in, n, k, descending, keys);
      else found = sortAll(in, n, descending, keys, keys + n);
      for (int64_t i = 0; i < k; ++i) {
        static_cast<T*>(y.data)[r * k + i] = in[found[i].index];
        if (indices != nullptr) indices[r * k + i] = found[i].index;
      }
    }
  });
}
static GemmMemory sortMemory(const Call& call, int) { return {static_cast<size_t>(larger(kFewSorted, 2 * static_cast<int64_t>(call.p[1]))) * sizeof(SortKey), 0}; }
static constexpr KernelEntry kSort{"sort", sort, sortMemory};

}  // namespace octavo::OCTAVO_ISA
