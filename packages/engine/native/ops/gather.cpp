// gather: y[o, j, i] = x[o, ids[o, j, i], i]; scatterAdd: y[o, v, i] = Σ x[o, j, i] over ids[o, j, i] = v, in the order of j.
// p: outer, n, m, inner, strides of the ids over outer and inner (0: shared), and for gather whether what is missing is 0.
namespace octavo::OCTAVO_ISA {

struct IndexWalk {
  int64_t outer, n, m, inner, idsOuter, idsInner, idsRow;
  explicit IndexWalk(const Call& call)
      : outer(call.p[0]), n(call.p[1]), m(call.p[2]), inner(call.p[3]), idsOuter(call.p[4]), idsInner(call.p[5]), idsRow(idsInner == 0 ? 1 : inner) {}
};

// Cut into rows of y.
static void gather(const Call& call, const Worker& worker) {
  const IndexWalk s(call);
  const int32_t* ids = static_cast<const int32_t*>(call.operands[1].data);
  const float missing = call.p[6] != 0 ? 0.0f : __builtin_nanf("");
  const Range units = share(worker, s.outer * s.m);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    T nothing;
    fromFloat(missing, &nothing);
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t o = unit / s.m, j = unit % s.m;
      const T* in = static_cast<const T*>(call.operands[0].data) + o * s.n * s.inner;
      const int32_t* id = ids + o * s.idsOuter + j * s.idsRow;
      T* out = static_cast<T*>(call.operands[2].data) + unit * s.inner;
      if (s.idsInner == 0) {
        if (*id >= 0 && *id < s.n) __builtin_memcpy(out, in + *id * s.inner, static_cast<size_t>(s.inner) * sizeof(T));
        else for (int64_t i = 0; i < s.inner; ++i) out[i] = nothing;
        continue;
      }
      for (int64_t i = 0; i < s.inner; ++i) out[i] = id[i] >= 0 && id[i] < s.n ? in[id[i] * s.inner + i] : nothing;
    }
  });
}
static constexpr KernelEntry kGather{"gather", gather, nullptr};

// Each member owns a range of rows of y and walks the ids of those rows, so every sum has one order.
static void scatterAdd(const Call& call, const Worker& worker) {
  const IndexWalk s(call);
  const int32_t* ids = static_cast<const int32_t*>(call.operands[1].data);
  float* y = static_cast<float*>(call.operands[2].data);
  const Range mine = share(worker, s.outer * s.n);
  if (mine.begin == mine.end) return;
  __builtin_memset(y + mine.begin * s.inner, 0, static_cast<size_t>((mine.end - mine.begin) * s.inner) * sizeof(float));
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t o = mine.begin / s.n; o <= (mine.end - 1) / s.n; ++o) {
      const int64_t first = larger(0, mine.begin - o * s.n), end = smaller(s.n, mine.end - o * s.n);
      float* out = y + o * s.n * s.inner;
      for (int64_t j = 0; j < s.m; ++j) {
        const T* in = static_cast<const T*>(call.operands[0].data) + (o * s.m + j) * s.inner;
        const int32_t* id = ids + o * s.idsOuter + j * s.idsRow;
        if (s.idsInner == 0) {
          if (*id < first || *id >= end) continue;
          float* row = out + *id * s.inner;
          for (int64_t i = 0; i < s.inner; i += Vf::lanes) storeUpTo(loadUpTo(row + i, s.inner - i) + loadUpTo(in + i, s.inner - i), row + i, s.inner - i);
          continue;
        }
        for (int64_t i = 0; i < s.inner; ++i)
          if (id[i] >= first && id[i] < end) out[id[i] * s.inner + i] += toFloat(in[i]);
      }
    }
  });
}
static constexpr KernelEntry kScatterAdd{"scatterAdd", scatterAdd, nullptr};

}  // namespace octavo::OCTAVO_ISA
