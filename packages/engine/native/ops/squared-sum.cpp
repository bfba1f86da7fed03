// Σ x² over all elements: float32 lanes inside fixed blocks, float64 across them in order.  p: n.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kSquareBlock = 8192;

static void squaredSum(const Call& call, const Worker& worker) {
  const int64_t n = call.p[0], blocks = (n + kSquareBlock - 1) / kSquareBlock;
  const Operand& x = call.operands[0];
  double* partial = static_cast<double*>(worker.shared);
  const Range units = share(worker, blocks);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t b = units.begin; b < units.end; ++b) {
      const T* in = static_cast<const T*>(x.data) + b * kSquareBlock;
      const int64_t count = smaller(kSquareBlock, n - b * kSquareBlock);
      Vf total = Vf::zero();
      for (int64_t i = 0; i < count; i += Vf::lanes) {
        const Vf v = loadUpTo(in + i, count - i);
        total = fma(v, v, total);
      }
      partial[b] = sum(total);
    }
  });
  worker.barrier();
  if (worker.index != 0) return;
  double total = 0;
  for (int64_t b = 0; b < blocks; ++b) total += partial[b];
  *static_cast<float*>(call.operands[1].data) = static_cast<float>(total);
}
static GemmMemory squaredSumMemory(const Call& call, int) { return {0, static_cast<size_t>(call.p[0] / kSquareBlock + 1) * sizeof(double)}; }
static constexpr KernelEntry kSquaredSum{"squaredSum", squaredSum, squaredSumMemory};

}  // namespace octavo::OCTAVO_ISA
