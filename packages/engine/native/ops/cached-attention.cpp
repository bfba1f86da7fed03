// Attention of new tokens over a key-value cache that they extend.
// p: sequences, time, H, G, W, scale, cache rows, cache positions.
// First every member copies its share of new keys and values into the cache; then a piece of work is a (sequence, token, head).
namespace octavo::OCTAVO_ISA {

template <class A, class B>
static inline float dotProduct(const A* a, const B* b, int64_t n) {
  Vf total = Vf::zero();
  for (int64_t i = 0; i < n; i += Vf::lanes) total = fma(loadUpTo(a + i, n - i), loadUpTo(b + i, n - i), total);
  return sum(total);
}

template <class Q, class C>
static void cachedAttentionFor(const Call& call, const Worker& worker) {
  const AttentionShape s(call);
  const int64_t rows = call.p[6], capacity = call.p[7], store = s.groups * s.width, outer = s.heads * s.width;
  const Q* qkv = static_cast<const Q*>(call.operands[0].data);
  C* keys = static_cast<C*>(call.operands[1].data);
  C* values = static_cast<C*>(call.operands[2].data);
  const int32_t* slots = static_cast<const int32_t*>(call.operands[3].data);
  const int32_t* starts = static_cast<const int32_t*>(call.operands[4].data);
  Q* y = static_cast<Q*>(call.operands[5].data);
  const auto usable = [&](int64_t seq, int64_t position) { return slots[seq] >= 0 && slots[seq] < rows && position >= 0 && position < capacity; };

  const Range copies = share(worker, s.batch * s.time);
  for (int64_t unit = copies.begin; unit < copies.end; ++unit) {
    const int64_t seq = unit / s.time, position = starts[seq] + unit % s.time;
    if (!usable(seq, position)) continue;
    const Q* in = qkv + unit * s.channels + s.heads * s.width;
    const int64_t at = (slots[seq] * capacity + position) * store;
    for (int64_t i = 0; i < store; i += Vf::lanes) {
      storeUpTo(loadUpTo(in + i, store - i), keys + at + i, store - i);
      storeUpTo(loadUpTo(in + store + i, store - i), values + at + i, store - i);
    }
  }
  worker.barrier();

  float* weights = static_cast<float*>(worker.scratch);
  const Range units = share(worker, s.batch * s.time * s.heads);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t token = unit / s.heads, h = unit % s.heads, seq = token / s.time, position = starts[seq] + token % s.time;
    Q* out = y + token * outer + h * s.width;
    if (!usable(seq, position)) {
      for (int64_t i = 0; i < s.width; i += Vf::lanes) storeUpTo(Vf::zero(), out + i, s.width - i);
      continue;
    }
    const int64_t group = h * s.groups / s.heads, base = slots[seq] * capacity * store + group * s.width, count = position + 1;
    const Q* query = qkv + token * s.channels + h * s.width;
    float highest = -__builtin_inff();
    for (int64_t key = 0; key < count; ++key) {
      weights[key] = s.scale * dotProduct(query, keys + base + key * store, s.width);
      highest = weights[key] > highest ? weights[key] : highest;
    }
    const Vf shift = Vf::set1(highest);
    Vf total = Vf::zero();
    for (int64_t i = 0; i < count; i += Vf::lanes) {
      const Vf e = exp(loadUpTo(weights + i, count - i) - shift);
      storeUpTo(e, weights + i, count - i);
      total = total + (count - i >= Vf::lanes ? e : keepLanes(e, static_cast<int>(count - i)));
    }
    const Vf scale = Vf::set1(1.0f / sum(total));
    for (int64_t i = 0; i < s.width; i += Vf::lanes) {
      Vf sum = Vf::zero();
      const C* value = values + base + i;
      for (int64_t key = 0; key < count; ++key) sum = fma(Vf::set1(weights[key]), loadUpTo(value + key * store, s.width - i), sum);
      storeUpTo(sum * scale, out + i, s.width - i);
    }
  }
}

static void cachedAttention(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* query) {
    byType(call.operands[1].dtype, [&](auto* cache) { cachedAttentionFor<Bare<decltype(query)>, Bare<decltype(cache)>>(call, worker); });
  });
}
static GemmMemory cachedAttentionMemory(const Call& call, int) { return {line(static_cast<size_t>(call.p[7]) * 4), 0}; }
static constexpr KernelEntry kCachedAttention{"cachedAttention", cachedAttention, cachedAttentionMemory};

}  // namespace octavo::OCTAVO_ISA
