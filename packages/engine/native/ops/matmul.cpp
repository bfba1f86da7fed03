// y = α op(a) · op(b) for each matrix of a batch, added to what y holds where `sum`, the same memory, is present, or to β residual.
// p: batch, m, n, k, transposeA, transposeB, |α|, |β|, α < 0, β < 0.
namespace octavo::OCTAVO_ISA {

static inline int64_t bytesOf(const Operand& o) { return o.dtype == 0 ? 4 : 2; }

static Gemm matmulGemm(const Call& call, int64_t s) {
  const int64_t m = call.p[1], n = call.p[2], k = call.p[3];
  const bool ta = call.p[4] != 0, tb = call.p[5] != 0;
  const Operand &a = call.operands[0], &b = call.operands[1], &sum = call.operands[2], &residual = call.operands[3], &y = call.operands[4];
  Gemm g{};
  g.m = m, g.n = n, g.k = k;
  g.a = static_cast<const char*>(a.data) + s * m * k * bytesOf(a), g.aType = typeOf(a), g.lda = ta ? m : k, g.aTransposed = ta;
  g.b = static_cast<const char*>(b.data) + s * k * n * bytesOf(b), g.bType = typeOf(b), g.ldb = tb ? k : n, g.bTransposed = tb;
  g.c = static_cast<char*>(y.data) + s * m * n * bytesOf(y), g.cType = typeOf(y), g.ldc = n;
  g.alpha = static_cast<float>(call.p[8] != 0 ? -call.p[6] : call.p[6]), g.accumulate = sum.data != nullptr;
  if (residual.data != nullptr) {
    g.residual = static_cast<const char*>(residual.data) + s * m * n * bytesOf(y);
    g.residualScale = static_cast<float>(call.p[9] != 0 ? -call.p[7] : call.p[7]);
  }
  return g;
}

static void matmul(const Call& call, const Worker& worker) {
  for (int64_t s = 0; s < static_cast<int64_t>(call.p[0]); ++s) gemm(worker, matmulGemm(call, s), call.form);
}
static GemmMemory matmulMemory(const Call& call, int members) { return gemmMemory(matmulGemm(call, 0), members, call.form); }
static constexpr KernelEntry kMatmul{"matmul", matmul, matmulMemory};

}  // namespace octavo::OCTAVO_ISA
