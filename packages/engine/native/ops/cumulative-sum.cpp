// y[j] = Σ x[i], i ≤ j, along the middle of [outer, n, inner]; from the end where reversed.  p: outer, n, inner, reverse.
// Cut into chains: each is summed by one member, in float64 alone, or lane by lane in float32 with Kahan's correction.
namespace octavo::OCTAVO_ISA {

static void cumulativeSum(const Call& call, const Worker& worker) {
  const int64_t outer = call.p[0], n = call.p[1], inner = call.p[2];
  const bool reverse = call.p[3] != 0;
  const int64_t blocks = (inner + Vf::lanes - 1) / Vf::lanes, step = (reverse ? -1 : 1) * inner;
  const Range units = share(worker, outer * blocks);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t c = unit % blocks * Vf::lanes, at = (unit / blocks * n + (reverse ? n - 1 : 0)) * inner + c;
      const T* in = static_cast<const T*>(call.operands[0].data) + at;
      T* out = static_cast<T*>(call.operands[1].data) + at;
      if (inner == 1) {
        double total = 0;
        for (int64_t j = 0; j < n; ++j) fromFloat(static_cast<float>(total += toFloat(in[j * step])), out + j * step);
        continue;
      }
      Vf total = Vf::zero(), lost = Vf::zero();
      for (int64_t j = 0; j < n; ++j) {
        const Vf value = loadUpTo(in + j * step, inner - c) - lost, next = total + value;
        const Vf error = (next - total) - value;
        lost = select(error == error, error, Vf::zero());  // beyond infinity there is nothing to correct
        total = next;
        storeUpTo(total, out + j * step, inner - c);
      }
    }
  });
}
static constexpr KernelEntry kCumulativeSum{"cumulativeSum", cumulativeSum, nullptr};

}  // namespace octavo::OCTAVO_ISA
