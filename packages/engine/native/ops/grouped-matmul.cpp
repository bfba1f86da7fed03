// A product for each group of rows: the whole team at one group after the other.
// groupedMatmul p: groups, rows, n, k, transposeB.  groupedWeightGradient p: groups, rows, m, n.
namespace octavo::OCTAVO_ISA {

// Offsets out of order or range are brought into it.
static Range groupRows(const int32_t* offsets, int64_t group, int64_t rows) {
  const int64_t begin = smaller(rows, larger(0, offsets[group]));
  return {begin, smaller(rows, larger(begin, offsets[group + 1]))};
}

static Gemm groupedGemm(const Call& call, int64_t group, Range rows) {
  const int64_t n = call.p[2], k = call.p[3];
  const bool turned = call.p[4] != 0;
  const Operand &x = call.operands[0], &weight = call.operands[1], &y = call.operands[3];
  Gemm g{};
  g.m = rows.end - rows.begin, g.n = n, g.k = k;
  g.a = static_cast<const char*>(x.data) + rows.begin * k * bytesOf(x), g.aType = typeOf(x), g.lda = k;
  g.b = static_cast<const char*>(weight.data) + group * n * k * bytesOf(weight), g.bType = typeOf(weight), g.ldb = turned ? k : n, g.bTransposed = turned;
  g.c = static_cast<char*>(y.data) + rows.begin * n * bytesOf(y), g.cType = typeOf(y), g.ldc = n, g.alpha = 1.0f;
  return g;
}

static void groupedMatmul(const Call& call, const Worker& worker) {
  const int64_t groups = call.p[0], rows = call.p[1], n = call.p[2];
  const int32_t* offsets = static_cast<const int32_t*>(call.operands[2].data);
  const Operand& y = call.operands[3];
  const auto clear = [&](int64_t begin, int64_t end) {
    const Range mine = share(worker, end - begin);
    byType(y.dtype, [&](auto* tag) {
      auto* out = static_cast<Bare<decltype(tag)>*>(y.data);
      for (int64_t i = (begin + mine.begin) * n; i < (begin + mine.end) * n; i += Vf::lanes) storeUpTo(Vf::zero(), out + i, (begin + mine.end) * n - i);
    });
  };
  int64_t next = 0;
  for (int64_t group = 0; group < groups; ++group) {
    const Range own = groupRows(offsets, group, rows);
    if (own.begin > next) clear(next, own.begin);
    gemm(worker, groupedGemm(call, group, own), call.form);
    next = larger(next, own.end);
  }
  if (next < rows) clear(next, rows);
}
static GemmMemory groupedMatmulMemory(const Call& call, int members) {
  return gemmMemory(groupedGemm(call, 0, {0, static_cast<int64_t>(call.p[1])}), members, call.form);
}

static Gemm groupedWeightGemm(const Call& call, int64_t group, Range rows) {
  const int64_t m = call.p[2], n = call.p[3];
  const Operand &a = call.operands[0], &b = call.operands[1];
  Gemm g{};
  g.m = m, g.n = n, g.k = rows.end - rows.begin;
  g.a = static_cast<const char*>(a.data) + rows.begin * m * bytesOf(a), g.aType = typeOf(a), g.lda = m, g.aTransposed = true;
  g.b = static_cast<const char*>(b.data) + rows.begin * n * bytesOf(b), g.bType = typeOf(b), g.ldb = n;
  g.c = static_cast<float*>(call.operands[3].data) + group * m * n, g.cType = Type::f32, g.ldc = n, g.alpha = 1.0f;
  return g;
}
static void groupedWeightGradient(const Call& call, const Worker& worker) {
  const int32_t* offsets = static_cast<const int32_t*>(call.operands[2].data);
  for (int64_t group = 0; group < static_cast<int64_t>(call.p[0]); ++group)
    gemm(worker, groupedWeightGemm(call, group, groupRows(offsets, group, call.p[1])), call.form);
}
static GemmMemory groupedWeightGradientMemory(const Call& call, int members) {
  return gemmMemory(groupedWeightGemm(call, 0, {0, static_cast<int64_t>(call.p[1])}), members, call.form);
}
static constexpr KernelEntry kGroupedMatmul{"groupedMatmul", groupedMatmul, groupedMatmulMemory};
static constexpr KernelEntry kGroupedWeightGradient{"groupedWeightGradient", groupedWeightGradient, groupedWeightGradientMemory};

}  // namespace octavo::OCTAVO_ISA
