// Sums over the middle of [outer, n, inner]; float32 results.  p: outer, n, inner.
// Cut into fixed blocks of n whose partial sums are added in order, so results do not depend on the number of threads.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kSumBlock = 8192, kSumRows = 256;

static inline int64_t sumBlocks(int64_t n, int64_t inner) { return larger(1, inner == 1 ? (n + kSumBlock - 1) / kSumBlock : (n + kSumRows - 1) / kSumRows); }

static void sum(const Call& call, const Worker& worker) {
  const int64_t outer = call.p[0], n = call.p[1], inner = call.p[2];
  const Operand& x = call.operands[0];
  float* y = static_cast<float*>(call.operands[1].data);
  const int64_t size = inner == 1 ? kSumBlock : kSumRows, blocks = sumBlocks(n, inner);
  float* partial = blocks == 1 ? y : static_cast<float*>(worker.shared);  // [outer, blocks, inner]
  const Range units = share(worker, outer * blocks);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t o = unit / blocks, from = unit % blocks * size, count = smaller(size, n - from);
      const T* in = static_cast<const T*>(x.data) + (o * n + from) * inner;
      float* out = partial + unit * inner;
      if (inner == 1) {
        Vf total = Vf::zero();
        for (int64_t i = 0; i < count; i += Vf::lanes) total = total + loadUpTo(in + i, count - i);
        *out = sum(total);
        continue;
      }
      for (int64_t c = 0; c < inner; c += Vf::lanes) {
        Vf total = Vf::zero();
        for (int64_t i = 0; i < count; ++i) total = total + loadUpTo(in + i * inner + c, inner - c);
        storeUpTo(total, out + c, inner - c);
      }
    }
  });
  if (blocks == 1) return;
  worker.barrier();
  const Range columns = share(worker, outer * inner);
  for (int64_t unit = columns.begin; unit < columns.end; ++unit) {
    const int64_t o = unit / inner, c = unit % inner;
    double total = 0;
    for (int64_t b = 0; b < blocks; ++b) total += partial[(o * blocks + b) * inner + c];
    y[unit] = static_cast<float>(total);
  }
}
static GemmMemory sumMemory(const Call& call, int) { return {0, static_cast<size_t>(call.p[0] * sumBlocks(call.p[1], call.p[2]) * call.p[2]) * sizeof(float)}; }
static constexpr KernelEntry kSum{"sum", sum, sumMemory};

}  // namespace octavo::OCTAVO_ISA
