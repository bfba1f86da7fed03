// Causal attention and its gradient over packed queries, keys and values.
// p: batch, time, query heads H, key-value heads G, head width W, scale.
// One piece of work is a (batch, key-value head) pair: a member computes all that flows into its keys and values, so results
// do not depend on the number of threads. Queries go in blocks of kQueries rows; the scores of one block are all that is kept.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kQueries = 64;

struct AttentionShape {
  int64_t batch, time, heads, groups, width, channels;
  float scale;
  explicit AttentionShape(const Call& call)
      : batch(call.p[0]), time(call.p[1]), heads(call.p[2]), groups(call.p[3]), width(call.p[4]), channels((heads + 2 * groups) * width), scale(static_cast<float>(call.p[5])) {}
  int64_t keys(int64_t group) const { return (heads + group) * width; }
  int64_t values(int64_t group) const { return (heads + groups + group) * width; }
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

static inline Worker alone(void* scratch, size_t bytes) { return {0, 1, scratch, bytes / 2, static_cast<char*>(scratch) + bytes / 2, bytes / 2, nullptr, nullptr}; }

// Weights of a block of queries over keys [first, end): P = exp(score − row's log-sum), 0 where masked.
template <class T>
static void attentionWeights(float* scores, T* weights, int64_t stride, int64_t query0, int64_t queries, int64_t first, int64_t end, const int32_t* starts, float* logSums, bool known) {
  for (int64_t r = 0; r < queries; ++r) {
    const int64_t t = query0 + r, from = (starts == nullptr ? 0 : smaller(t, larger(0, starts[t]))) - first, until = t + 1 - first, all = end - first;
    float* row = scores + r * stride;
    T* out = weights + r * stride;
    for (int64_t i = 0; i < from; ++i) row[i] = -__builtin_inff();
    float highest = -__builtin_inff(), total = 0;
    Vf most = Vf::set1(highest);
    for (int64_t i = until; i < all; ++i) row[i] = -__builtin_inff();
    int64_t i = 0;
    if (!known) {
      for (; i + Vf::lanes <= until; i += Vf::lanes) most = max(most, Vf::load(row + i));
      highest = maximum(most);
      for (; i < until; ++i) highest = row[i] > highest ? row[i] : highest;
    } else {
      highest = logSums[t];
    }
    const Vf shift = Vf::set1(highest);
    Vf sums = Vf::zero();
    for (i = 0; i < until; i += Vf::lanes) {
      // Beyond `until` the row holds −∞ or lies past its end, in padding that is −∞ as well.
      const Vf e = exp(loadUpTo(row + i, all - i) - shift);
      storeUpTo(e, row + i, all - i);
      sums = sums + (all - i >= Vf::lanes ? e : keepLanes(e, static_cast<int>(all - i)));
    }
    float scale = 1.0f;
    if (!known) {
      total = sum(sums);
      scale = 1.0f / total;
      if (logSums != nullptr) {
        float lane[Vf::lanes];
        log(Vf::set1(total)).store(lane);
        logSums[t] = highest + lane[0];
      }
    }
    const Vf factor = Vf::set1(scale);
    for (i = 0; i < until; i += Vf::lanes) storeUpTo(loadUpTo(row + i, all - i) * factor, out + i, all - i);
    const int64_t done = smaller(all, (until + Vf::lanes - 1) / Vf::lanes * Vf::lanes);
    for (i = done; i < all; i += Vf::lanes) storeUpTo(Vf::zero(), out + i, all - i);
    if (known)
      for (i = done; i < all; ++i) row[i] = 0;
  }
}

static inline int64_t firstKey(const int32_t* starts, int64_t query0, int64_t queries) {
  if (starts == nullptr) return 0;
  int64_t first = query0;
  for (int64_t t = query0; t < query0 + queries; ++t) first = smaller(first, larger(0, starts[t]));
  return first;
}

static inline int64_t scoreStride(int64_t time) { return (time + 31) / 32 * 32; }

static GemmMemory attentionGemmMemory(const AttentionShape& s, Type type, Form form) {
  GemmMemory most{0, 0};
  const Strided in{nullptr, type, s.channels, false}, row{nullptr, type, scoreStride(s.time), false}, column{nullptr, type, scoreStride(s.time), true}, turned{nullptr, type, s.channels, true};
  const int64_t q = smaller(kQueries, s.time);
  for (const Gemm& g : {product(q, s.time, s.width, in, turned, nullptr, Type::f32, scoreStride(s.time), 1, false), product(q, s.width, s.time, row, in, nullptr, type, s.channels, 1, false),
                        product(s.time, s.width, q, column, in, nullptr, Type::f32, s.width, 1, true)}) {
    const GemmMemory needs = gemmMemory(g, 1, form);
    most.scratchBytes = needs.scratchBytes > most.scratchBytes ? needs.scratchBytes : most.scratchBytes;
    most.sharedBytes = needs.sharedBytes > most.sharedBytes ? needs.sharedBytes : most.sharedBytes;
  }
  return most;
}

// A member's scratch: [two float matrices of scores][two matrices of weights][dK, dV][memory of gemm]
struct AttentionScratch {
  float *scores, *other, *dkeys, *dvalues;
  void *weights, *otherWeights;
  Worker worker;
  static size_t matrix(const AttentionShape& s) { return line(static_cast<size_t>(kQueries * scoreStride(s.time)) * 4); }
  static size_t sums(const AttentionShape& s) { return line(static_cast<size_t>(s.time * s.width) * 4); }
  AttentionScratch(const AttentionShape& s, const Worker& w) {
    char* at = static_cast<char*>(w.scratch);
    const size_t m = matrix(s);
    scores = reinterpret_cast<float*>(at), other = reinterpret_cast<float*>(at + m), weights = at + 2 * m, otherWeights = at + 3 * m;
    dkeys = reinterpret_cast<float*>(at + 4 * m), dvalues = reinterpret_cast<float*>(at + 4 * m + sums(s));
    const size_t used = 4 * m + 2 * sums(s);
    worker = alone(at + used, (w.scratchBytes - used) / 128 * 128);
  }
};
static GemmMemory attentionMemory(const Call& call, int) {
  const AttentionShape s(call);
  const GemmMemory needs = attentionGemmMemory(s, typeOf(call.operands[0]), call.form);
  const size_t half = line(needs.scratchBytes > needs.sharedBytes ? needs.scratchBytes : needs.sharedBytes);
  return {4 * AttentionScratch::matrix(s) + 2 * AttentionScratch::sums(s) + 2 * half + 256, 0};
}

template <class T>
static void attentionForward(const Call& call, const Worker& worker) {
  const AttentionShape s(call);
  const AttentionScratch scratch(s, worker);
  const Type type = typeOf(call.operands[0]);
  const int64_t stride = scoreStride(s.time), outer = s.heads * s.width, perGroup = s.heads / s.groups;
  const Range units = share(worker, s.batch * s.groups);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t b = unit / s.groups, group = unit % s.groups;
    const T* qkv = static_cast<const T*>(call.operands[0].data) + b * s.time * s.channels;
    const int32_t* starts = call.operands[1].data == nullptr ? nullptr : static_cast<const int32_t*>(call.operands[1].data) + b * s.time;
    for (int64_t h = group * perGroup; h < (group + 1) * perGroup; ++h) {
      float* logSums = call.operands[3].data == nullptr ? nullptr : static_cast<float*>(call.operands[3].data) + (b * s.heads + h) * s.time;
      for (int64_t q = 0; q < s.time; q += kQueries) {
        const int64_t queries = smaller(kQueries, s.time - q), end = q + queries, first = firstKey(starts, q, queries);
        const T* keys = qkv + first * s.channels + s.keys(group);
        const T* values = qkv + first * s.channels + s.values(group);
        gemm(scratch.worker, product(queries, end - first, s.width, {qkv + q * s.channels + h * s.width, type, s.channels, false}, {keys, type, s.channels, true}, scratch.scores, Type::f32, stride, s.scale, false), call.form);
        attentionWeights(scratch.scores, static_cast<T*>(scratch.weights), stride, q, queries, first, end, starts, logSums, false);
        T* y = static_cast<T*>(call.operands[2].data) + (b * s.time + q) * outer + h * s.width;
        gemm(scratch.worker, product(queries, s.width, end - first, {scratch.weights, type, stride, false}, {values, type, s.channels, false}, y, type, outer, 1.0f, false), call.form);
      }
    }
  }
}

template <class T>
static void attentionBackward(const Call& call, const Worker& worker) {
  const AttentionShape s(call);
  const AttentionScratch scratch(s, worker);
  const Type type = typeOf(call.operands[0]);
  const int64_t stride = scoreStride(s.time), outer = s.heads * s.width, perGroup = s.heads / s.groups;
  const Range units = share(worker, s.batch * s.groups);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t b = unit / s.groups, group = unit % s.groups;
    const T* qkv = static_cast<const T*>(call.operands[0].data) + b * s.time * s.channels;
    const int32_t* starts = call.operands[4].data == nullptr ? nullptr : static_cast<const int32_t*>(call.operands[4].data) + b * s.time;
    T* dqkv = static_cast<T*>(call.operands[5].data) + b * s.time * s.channels;
    for (int64_t i = 0; i < s.time * s.width; ++i) scratch.dkeys[i] = scratch.dvalues[i] = 0;
    for (int64_t h = group * perGroup; h < (group + 1) * perGroup; ++h) {
      float* logSums = const_cast<float*>(static_cast<const float*>(call.operands[2].data)) + (b * s.heads + h) * s.time;
      for (int64_t q = 0; q < s.time; q += kQueries) {
        const int64_t queries = smaller(kQueries, s.time - q), end = q + queries, first = firstKey(starts, q, queries), count = end - first;
        const T* query = qkv + q * s.channels + h * s.width;
        const T* keys = qkv + first * s.channels + s.keys(group);
        const T* values = qkv + first * s.channels + s.values(group);
        const T* y = static_cast<const T*>(call.operands[1].data) + (b * s.time + q) * outer + h * s.width;
        const T* dy = static_cast<const T*>(call.operands[3].data) + (b * s.time + q) * outer + h * s.width;
        T* weights = static_cast<T*>(scratch.weights);
        T* dscores = static_cast<T*>(scratch.otherWeights);
        gemm(scratch.worker, product(queries, count, s.width, {query, type, s.channels, false}, {keys, type, s.channels, true}, scratch.scores, Type::f32, stride, s.scale, false), call.form);
        attentionWeights(scratch.scores, weights, stride, q, queries, first, end, starts, logSums, true);
        gemm(scratch.worker, product(queries, count, s.width, {dy, type, outer, false}, {values, type, s.channels, true}, scratch.other, Type::f32, stride, 1.0f, false), call.form);
        for (int64_t r = 0; r < queries; ++r) {
          Vf along = Vf::zero();
          for (int64_t i = 0; i < s.width; i += Vf::lanes) along = fma(loadUpTo(y + r * outer + i, s.width - i), loadUpTo(dy + r * outer + i, s.width - i), along);
          const Vf delta = Vf::set1(sum(along));
          for (int64_t i = 0; i < count; i += Vf::lanes)
            storeUpTo(loadUpTo(scratch.scores + r * stride + i, count - i) * (loadUpTo(scratch.other + r * stride + i, count - i) - delta), dscores + r * stride + i, count - i);
        }
        gemm(scratch.worker, product(queries, s.width, count, {dscores, type, stride, false}, {keys, type, s.channels, false}, dqkv + q * s.channels + h * s.width, type, s.channels, s.scale, false), call.form);
        gemm(scratch.worker, product(count, s.width, queries, {dscores, type, stride, true}, {query, type, s.channels, false}, scratch.dkeys + first * s.width, Type::f32, s.width, s.scale, true), call.form);
        gemm(scratch.worker, product(count, s.width, queries, {weights, type, stride, true}, {dy, type, outer, false}, scratch.dvalues + first * s.width, Type::f32, s.width, 1.0f, true), call.form);
      }
    }
    for (int64_t t = 0; t < s.time; ++t)
      for (int64_t i = 0; i < s.width; i += Vf::lanes) {
        storeUpTo(loadUpTo(scratch.dkeys + t * s.width + i, s.width - i), dqkv + t * s.channels + s.keys(group) + i, s.width - i);
        storeUpTo(loadUpTo(scratch.dvalues + t * s.width + i, s.width - i), dqkv + t * s.channels + s.values(group) + i, s.width - i);
      }
  }
}

static void attention(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { attentionForward<Bare<decltype(tag)>>(call, worker); });
}
static void attentionGradient(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { attentionBackward<Bare<decltype(tag)>>(call, worker); });
}
static constexpr KernelEntry kAttention{"attention", attention, attentionMemory};
static constexpr KernelEntry kAttentionGradient{"attentionGradient", attentionGradient, attentionMemory};

}  // namespace octavo::OCTAVO_ISA
