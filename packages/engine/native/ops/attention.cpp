// Softmax attention over the keys that are open to each query, and its gradient.
// p: batch, queries T, heads H, groups G of key and value heads, width W, scale, keys S, causal, window, whether starts and
// ends are one a query. Query t stands at the position t + S − T of the keys.
// Queries go in blocks of kQueries rows over the keys that one of them may see; the scores of one block are all that is kept.
// Forward, a piece of work is a (batch, head, block); backward it is a (batch, group), whose member computes all that flows
// into its keys and values. So results do not depend on the number of threads.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kQueries = 64;

struct AttentionShape {
  int64_t batch, time, heads, groups, width, channels;
  float scale;
  explicit AttentionShape(const Call& call)
      : batch(call.p[0]), time(call.p[1]), heads(call.p[2]), groups(call.p[3]), width(call.p[4]), channels((heads + 2 * groups) * width), scale(static_cast<float>(call.p[5])) {}
};

struct Keys {  // [first, end); none where end is not larger
  int64_t first, end;
  int64_t count() const { return larger(0, end - first); }
};

// What both passes are given. memory, starts, ends and bias are four operands in a row that begin at `optional`.
struct AttentionWork : AttentionShape {
  int64_t keys, window;
  bool causal, startsEach, endsEach;
  const Operand &qkv, &memory;
  const int32_t *starts, *ends;
  const float* bias;
  Type type;
  Form form;
  AttentionWork(const Call& call, int optional)
      : AttentionShape(call), keys(call.p[6]), window(call.p[8]), causal(call.p[7] != 0), startsEach(call.p[9] != 0), endsEach(call.p[10] != 0),
        qkv(call.operands[0]), memory(call.operands[optional]), starts(static_cast<const int32_t*>(call.operands[optional + 1].data)),
        ends(static_cast<const int32_t*>(call.operands[optional + 2].data)), bias(static_cast<const float*>(call.operands[optional + 3].data)), type(typeOf(qkv)), form(call.form) {}

  bool crosses() const { return memory.data != nullptr; }
  int64_t blocks() const { return (time + kQueries - 1) / kQueries; }
  int64_t distances() const { return larger(0, keys + time - 1); }
  int64_t outer() const { return heads * width; }
  int64_t queryStride() const { return crosses() ? outer() : channels; }
  int64_t keyStride() const { return crosses() ? 2 * groups * width : channels; }
  int64_t groupOf(int64_t head) const { return head * groups / heads; }
  // Offsets of a head's query, and of a group's key, whose value lies groups · width further.
  int64_t query(int64_t b, int64_t t, int64_t head) const { return (b * time + t) * queryStride() + head * width; }
  int64_t key(int64_t b, int64_t j, int64_t group) const { return (b * keys + j) * keyStride() + (crosses() ? 0 : outer()) + group * width; }
  // Row of the bias for key 0 as query t sees it; keys follow one by one.
  int64_t distance(int64_t t) const { return time - 1 - t; }

  Keys open(int64_t b, int64_t t) const {
    const int64_t position = t + keys - time;
    Keys seen{starts == nullptr ? 0 : larger(0, starts[startsEach ? b * time + t : b]), ends == nullptr ? keys : smaller(keys, ends[endsEach ? b * time + t : b])};
    if (window > 0) seen.first = larger(seen.first, position - window + 1);
    if (causal || window > 0) seen.end = smaller(seen.end, position + (causal ? 1 : window));
    return seen;
  }
  // All that a block of queries sees.
  Keys open(int64_t b, int64_t t, int64_t queries) const {
    Keys seen{keys, 0};
    for (int64_t r = t; r < t + queries; ++r) {
      const Keys one = open(b, r);
      if (one.count() > 0) seen = {smaller(seen.first, one.first), larger(seen.end, one.end)};
    }
    return seen;
  }
};

struct Strided { const void* data; Type type; int64_t stride; bool transposed; };

static Gemm product(int64_t m, int64_t n, int64_t k, Strided a, Strided b, void* c, Type cType, int64_t ldc, float alpha, bool accumulate) {
  Gemm g{};
  g.m = m, g.n = n, g.k = k;
  g.a = a.data, g.aType = a.type, g.lda = a.stride, g.aTransposed = a.transposed;
  g.b = b.data, g.bType = b.type, g.ldb = b.stride, g.bTransposed = b.transposed;
  g.c = c, g.cType = cType, g.ldc = ldc, g.alpha = alpha, g.accumulate = accumulate;
  return g;
}

static inline int64_t scoreStride(int64_t time) { return (time + 31) / 32 * 32; }

static size_t attentionGemmBytes(const AttentionWork& w) {
  const Strided in{nullptr, w.type, w.keyStride(), false}, turned{nullptr, w.type, w.keyStride(), true};
  const Strided row{nullptr, w.type, scoreStride(w.keys), false}, column{nullptr, w.type, scoreStride(w.keys), true};
  const int64_t q = smaller(kQueries, w.time);
  size_t most = 0;
  for (const Gemm& g : {product(q, w.keys, w.width, in, turned, nullptr, Type::f32, scoreStride(w.keys), 1, false), product(q, w.width, w.keys, row, in, nullptr, w.type, w.channels, 1, false),
                        product(w.keys, w.width, q, column, in, nullptr, Type::f32, w.width, 1, true)}) {
    const GemmMemory needs = gemmMemory(g, 1, w.form);
    for (size_t bytes : {needs.scratchBytes, needs.sharedBytes}) most = bytes > most ? bytes : most;
  }
  return line(most);
}

// A member's scratch, cut in the same way when it is counted and when it is used.
struct AttentionScratch {
  uintptr_t at;
  int64_t stride;
  float *scores, *dweights = nullptr, *dkeys = nullptr, *dvalues = nullptr, *bias;
  void *weights, *dscores = nullptr;
  int64_t biasHead = -1;  // whose bias lies in `bias`
  Worker worker;
  template <class T> T* take(int64_t count) {
    T* taken = reinterpret_cast<T*>(at);
    at += line(static_cast<size_t>(count) * sizeof(T));
    return taken;
  }
  AttentionScratch(const AttentionWork& w, void* memory, bool backward) : at(reinterpret_cast<uintptr_t>(memory)), stride(scoreStride(w.keys)) {
    const int64_t block = kQueries * stride, distances = w.bias == nullptr ? 0 : w.distances();
    scores = take<float>(block), weights = take<float>(block), bias = take<float>(distances);
    if (backward) {
      dweights = take<float>(block), dscores = take<float>(block);
      dkeys = take<float>(w.keys * w.width), dvalues = take<float>(w.keys * w.width);
    }
    const size_t half = attentionGemmBytes(w);
    char* own = take<char>(static_cast<int64_t>(half));
    worker = {0, 1, own, half, take<char>(static_cast<int64_t>(half)), half, nullptr, nullptr};
  }
  size_t used(const void* memory) const { return at - reinterpret_cast<uintptr_t>(memory); }
  // Brings the bias of a head into a row.
  const float* biasOf(const AttentionWork& w, int64_t head) {
    if (w.bias == nullptr) return nullptr;
    if (head != biasHead)
      for (int64_t i = 0; i < w.distances(); ++i) bias[i] = w.bias[i * w.heads + head];
    biasHead = head;
    return bias;
  }
};

template <bool backward> static GemmMemory attentionMemory(const Call& call, int) {
  const AttentionWork w(call, backward ? 4 : 1);
  const bool gathers = backward && call.operands[10].data != nullptr;
  return {AttentionScratch(w, nullptr, backward).used(nullptr), gathers ? static_cast<size_t>(w.batch * w.heads * w.distances()) * 4 : 0};
}

// Scores of one query → weights, for keys [0, all) of its block, of which [from, until) are open: exp(score − log-sum), else 0.
// The log-sum is computed, or known from the forward pass; then the weights are left in `row` in float32 as well.
template <class T>
static void attentionWeights(float* row, T* out, int64_t from, int64_t until, int64_t all, const float* bias, float* logSum, bool known) {
  if (until <= from) {
    for (int64_t i = 0; i < all; i += Vf::lanes) {
      storeUpTo(Vf::zero(), row + i, all - i);
      storeUpTo(Vf::zero(), out + i, all - i);
    }
    if (!known && logSum != nullptr) *logSum = -__builtin_inff();
    return;
  }
  if (bias != nullptr)
    for (int64_t i = from; i < until; i += Vf::lanes) storeUpTo(loadUpTo(row + i, until - i) + loadUpTo(bias + i, until - i), row + i, until - i);
  for (int64_t i = 0; i < from; ++i) row[i] = -__builtin_inff();
  for (int64_t i = until; i < all; ++i) row[i] = -__builtin_inff();
  float highest = -__builtin_inff();
  int64_t i = 0;
  if (!known) {
    Vf most = Vf::set1(highest);
    for (; i + Vf::lanes <= until; i += Vf::lanes) most = max(most, Vf::load(row + i));
    highest = maximum(most);
    for (; i < until; ++i) highest = row[i] > highest ? row[i] : highest;
  } else {
    highest = *logSum;
  }
  const Vf shift = Vf::set1(highest);
  Vf sums = Vf::zero();
  for (i = 0; i < until; i += Vf::lanes) {
    // Beyond `until` the row holds −∞ or lies past its end.
    const Vf e = exp(loadUpTo(row + i, all - i) - shift);
    storeUpTo(e, row + i, all - i);
    sums = sums + (all - i >= Vf::lanes ? e : keepLanes(e, static_cast<int>(all - i)));
  }
  float scale = 1.0f;
  if (!known) {
    const float total = sum(sums);
    scale = 1.0f / total;
    if (logSum != nullptr) {
      float lane[Vf::lanes];
      log(Vf::set1(total)).store(lane);
      *logSum = highest + lane[0];
    }
  }
  const Vf factor = Vf::set1(scale);
  for (i = 0; i < until; i += Vf::lanes) storeUpTo(loadUpTo(row + i, all - i) * factor, out + i, all - i);
  const int64_t done = smaller(all, (until + Vf::lanes - 1) / Vf::lanes * Vf::lanes);
  for (i = done; i < all; i += Vf::lanes) storeUpTo(Vf::zero(), out + i, all - i);
  if (known)
    for (i = done; i < all; ++i) row[i] = 0;
}

// A block of queries of one head, with its weights in the scratch: [queries, count] of stride `stride`.
template <class T> struct AttentionBlock {
  int64_t b, head, group, t, queries, first, count;
  const T *query, *key, *value;
};

template <class T>
static AttentionBlock<T> weighBlock(const AttentionWork& w, AttentionScratch& scratch, int64_t b, int64_t head, int64_t t, float* logSums, bool known) {
  const int64_t queries = smaller(kQueries, w.time - t), group = w.groupOf(head);
  const Keys seen = w.open(b, t, queries);
  const int64_t first = seen.count() > 0 ? seen.first : 0, count = seen.count();
  const T* key = static_cast<const T*>(w.crosses() ? w.memory.data : w.qkv.data) + w.key(b, first, group);
  const AttentionBlock<T> block{b, head, group, t, queries, first, count, static_cast<const T*>(w.qkv.data) + w.query(b, t, head), key, key + w.groups * w.width};
  if (count > 0) gemm(scratch.worker, product(queries, count, w.width, {block.query, w.type, w.queryStride(), false}, {key, w.type, w.keyStride(), true}, scratch.scores, Type::f32, scratch.stride, w.scale, false), w.form);
  const float* bias = scratch.biasOf(w, head);
  for (int64_t r = 0; r < queries; ++r) {
    const Keys one = w.open(b, t + r);
    attentionWeights(scratch.scores + r * scratch.stride, static_cast<T*>(scratch.weights) + r * scratch.stride, one.first - first, one.end - first, count,
                     bias == nullptr ? nullptr : bias + w.distance(t + r) + first, logSums == nullptr ? nullptr : logSums + t + r, known);
  }
  return block;
}

template <class T> static void clearRows(T* rows, int64_t count, int64_t stride, int64_t width) {
  for (int64_t r = 0; r < count; ++r)
    for (int64_t i = 0; i < width; i += Vf::lanes) storeUpTo(Vf::zero(), rows + r * stride + i, width - i);
}

template <class T>
static void attentionForward(const Call& call, const Worker& worker) {
  const AttentionWork w(call, 1);
  AttentionScratch scratch(w, worker.scratch, false);
  const int64_t blocks = w.blocks();
  const Range units = share(worker, w.batch * w.heads * blocks);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / blocks, b = row / w.heads, head = row % w.heads, t = unit % blocks * kQueries;
    float* logSums = call.operands[6].data == nullptr ? nullptr : static_cast<float*>(call.operands[6].data) + row * w.time;
    const AttentionBlock<T> block = weighBlock<T>(w, scratch, b, head, t, logSums, false);
    T* y = static_cast<T*>(call.operands[5].data) + (b * w.time + t) * w.outer() + head * w.width;
    if (block.count > 0) gemm(scratch.worker, product(block.queries, w.width, block.count, {scratch.weights, w.type, scratch.stride, false}, {block.value, w.type, w.keyStride(), false}, y, w.type, w.outer(), 1.0f, false), w.form);
    else clearRows(y, block.queries, w.outer(), w.width);
  }
}

// dscores ← weights ⊙ (dweights − δ) with δ = Σ y ⊙ dy of the row; adds them up by distance where the bias is learned.
template <class T>
static void scoreGradients(const AttentionWork& w, const AttentionScratch& scratch, const AttentionBlock<T>& block, const T* y, const T* dy, float* dbias) {
  for (int64_t r = 0; r < block.queries; ++r, y += w.outer(), dy += w.outer()) {
    Vf along = Vf::zero();
    for (int64_t i = 0; i < w.width; i += Vf::lanes) along = fma(loadUpTo(y + i, w.width - i), loadUpTo(dy + i, w.width - i), along);
    const Vf delta = Vf::set1(sum(along));
    const float *weights = scratch.scores + r * scratch.stride, *dweights = scratch.dweights + r * scratch.stride;
    T* out = static_cast<T*>(scratch.dscores) + r * scratch.stride;
    float* sums = dbias == nullptr ? nullptr : dbias + w.distance(block.t + r) + block.first;
    for (int64_t i = 0; i < block.count; i += Vf::lanes) {
      const int64_t left = block.count - i;
      const Vf ds = loadUpTo(weights + i, left) * (loadUpTo(dweights + i, left) - delta);
      storeUpTo(ds, out + i, left);
      if (sums != nullptr) storeUpTo(loadUpTo(sums + i, left) + ds, sums + i, left);
    }
  }
}

// What flows into one group of keys and values, and into the queries of its heads.
template <class T>
static void backwardGroup(const Call& call, const AttentionWork& w, AttentionScratch& scratch, int64_t b, int64_t group, float* biasSums) {
  const Operand *y = call.operands + 1, *dy = call.operands + 3, *dqkv = call.operands + 8;
  T* dstored = static_cast<T*>(w.crosses() ? call.operands[9].data : dqkv->data);
  const int64_t perGroup = w.heads / w.groups;
  clearRows(scratch.dkeys, 1, 0, w.keys * w.width);
  clearRows(scratch.dvalues, 1, 0, w.keys * w.width);
  for (int64_t head = group * perGroup; head < (group + 1) * perGroup; ++head) {
    float* logSums = static_cast<float*>(call.operands[2].data) + (b * w.heads + head) * w.time;
    float* dbias = biasSums == nullptr ? nullptr : biasSums + (b * w.heads + head) * w.distances();
    if (dbias != nullptr) clearRows(dbias, 1, 0, w.distances());
    for (int64_t t = 0; t < w.time; t += kQueries) {
      const AttentionBlock<T> block = weighBlock<T>(w, scratch, b, head, t, logSums, true);
      const int64_t row = (b * w.time + t) * w.outer() + head * w.width;
      T* dquery = static_cast<T*>(dqkv->data) + w.query(b, t, head);
      if (block.count == 0) {
        clearRows(dquery, block.queries, w.queryStride(), w.width);
        continue;
      }
      const Strided arriving{static_cast<const T*>(dy->data) + row, w.type, w.outer(), false}, query{block.query, w.type, w.queryStride(), false};
      gemm(scratch.worker, product(block.queries, block.count, w.width, arriving, {block.value, w.type, w.keyStride(), true}, scratch.dweights, Type::f32, scratch.stride, 1.0f, false), w.form);
      scoreGradients(w, scratch, block, static_cast<const T*>(y->data) + row, static_cast<const T*>(dy->data) + row, dbias);
      gemm(scratch.worker, product(block.queries, w.width, block.count, {scratch.dscores, w.type, scratch.stride, false}, {block.key, w.type, w.keyStride(), false}, dquery, w.type, w.queryStride(), w.scale, false), w.form);
      if (dstored == nullptr) continue;
      gemm(scratch.worker, product(block.count, w.width, block.queries, {scratch.dscores, w.type, scratch.stride, true}, query, scratch.dkeys + block.first * w.width, Type::f32, w.width, w.scale, true), w.form);
      gemm(scratch.worker, product(block.count, w.width, block.queries, {scratch.weights, w.type, scratch.stride, true}, arriving, scratch.dvalues + block.first * w.width, Type::f32, w.width, 1.0f, true), w.form);
    }
  }
  if (dstored == nullptr) return;
  for (int64_t j = 0; j < w.keys; ++j) {
    T* key = dstored + w.key(b, j, group);
    T* value = key + w.groups * w.width;
    for (int64_t i = 0; i < w.width; i += Vf::lanes) {
      storeUpTo(loadUpTo(scratch.dkeys + j * w.width + i, w.width - i), key + i, w.width - i);
      storeUpTo(loadUpTo(scratch.dvalues + j * w.width + i, w.width - i), value + i, w.width - i);
    }
  }
}

template <class T>
static void attentionBackward(const Call& call, const Worker& worker) {
  const AttentionWork w(call, 4);
  AttentionScratch scratch(w, worker.scratch, true);
  float* dbias = static_cast<float*>(call.operands[10].data);
  float* biasSums = dbias == nullptr || w.bias == nullptr ? nullptr : static_cast<float*>(worker.shared);  // [batch, heads, distances]
  const Range units = share(worker, w.batch * w.groups);
  for (int64_t unit = units.begin; unit < units.end; ++unit) backwardGroup<T>(call, w, scratch, unit / w.groups, unit % w.groups, biasSums);
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

static void attention(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { attentionForward<Bare<decltype(tag)>>(call, worker); });
}
static void attentionGradient(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { attentionBackward<Bare<decltype(tag)>>(call, worker); });
}
static constexpr KernelEntry kAttention{"attention", attention, attentionMemory<false>};
static constexpr KernelEntry kAttentionGradient{"attentionGradient", attentionGradient, attentionMemory<true>};

}  // namespace octavo::OCTAVO_ISA
