// One AdamW update in place.  p: n, β₁, β₂, ε, weight decay, seed, stream (of stochastic rounding, for bfloat16 moments).
// Operands: parameter, gradient, first, second, factor, applied, rates, step.
#include "optimiser-state.h"
namespace octavo::OCTAVO_ISA {

static void adamw(const Call& call, const Worker& worker) {
  const int64_t n = call.p[0];
  float* parameter = static_cast<float*>(call.operands[0].data);
  const float* gradient = static_cast<const float*>(call.operands[1].data);
  const Operand &firsts = call.operands[2], &seconds = call.operands[3];
  const float* rates = static_cast<const float*>(call.operands[6].data);
  if (!(*static_cast<const float*>(call.operands[5].data) > 0) || firsts.dtype != seconds.dtype) return;
  const float b1 = static_cast<float>(call.p[1]), b2 = static_cast<float>(call.p[2]);
  const Vf beta1 = Vf::set1(b1), beta2 = Vf::set1(b2), rest1 = Vf::set1(static_cast<float>(1.0 - call.p[1])), rest2 = Vf::set1(static_cast<float>(1.0 - call.p[2]));
  const Vf epsilon = Vf::set1(static_cast<float>(call.p[3])), factor = Vf::set1(*static_cast<const float*>(call.operands[4].data));
  const Vf decay = Vf::set1(1.0f - rates[0] * static_cast<float>(call.p[4])), rate = Vf::set1(rates[0]);
  const Vf unbias1 = Vf::set1(1.0f / rates[1]), unbias2 = Vf::set1(1.0f / rates[2]);
  const Rounding rounding = roundingOf(call.operands[7], call.p[5], call.p[6]);
  const Range units = share(worker, (n + kStateBlock - 1) / kStateBlock);
  byState(firsts.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t block = units.begin; block < units.end; ++block) {
      const int64_t from = block * kStateBlock, count = smaller(kStateBlock, n - from);
      StateBlock<T> first(firsts.data, from, count), second(seconds.data, from, count);
      for (int64_t i = 0; i < count; i += Vf::lanes) {
        const int64_t left = count - i;
        const Vf g = loadUpTo(gradient + from + i, left) * factor;
        const Vf m = fma(beta1, first.load(i, left), rest1 * g);
        const Vf v = fma(beta2, second.load(i, left), rest2 * g * g);
        first.store(m, i, left);
        second.store(v, i, left);
        const Vf step = (m * unbias1) / (sqrt(v * unbias2) + epsilon);
        storeUpTo(loadUpTo(parameter + from + i, left) * decay - rate * step, parameter + from + i, left);
      }
      first.finish(block, 0, rounding);
      second.finish(block, 1, rounding);
    }
  });
}
static constexpr KernelEntry kAdamw{"adamw", adamw, nullptr};

}  // namespace octavo::OCTAVO_ISA
