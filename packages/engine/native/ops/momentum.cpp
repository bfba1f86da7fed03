// Updates with one momentum, in place: SGD's and Lion's.
// Operands: parameter, gradient, momentum, factor, applied, rate, step.  seed, stream: of stochastic rounding.
//   sgd   p: n, μ, weight decay, Nesterov (0 or 1), seed, stream
//   lion  p: n, β₁, β₂, weight decay, seed, stream
#include "optimiser-state.h"
namespace octavo::OCTAVO_ISA {

// step(gradient · factor, momentum, parameter) gives the new parameter and sets the momentum.
template <class F> static inline void momentumUpdate(const Call& call, const Worker& worker, const Rounding& rounding, F step) {
  const int64_t n = call.p[0];
  float* parameter = static_cast<float*>(call.operands[0].data);
  const float* gradient = static_cast<const float*>(call.operands[1].data);
  const Operand& momenta = call.operands[2];
  if (!(*static_cast<const float*>(call.operands[4].data) > 0)) return;
  const Vf factor = Vf::set1(*static_cast<const float*>(call.operands[3].data));
  const Range units = share(worker, (n + kStateBlock - 1) / kStateBlock);
  byState(momenta.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t block = units.begin; block < units.end; ++block) {
      const int64_t from = block * kStateBlock, count = smaller(kStateBlock, n - from);
      StateBlock<T> momentum(momenta.data, from, count);
      for (int64_t i = 0; i < count; i += Vf::lanes) {
        const int64_t left = count - i;
        Vf m = momentum.load(i, left);
        const Vf after = step(loadUpTo(gradient + from + i, left) * factor, m, loadUpTo(parameter + from + i, left));
        momentum.store(m, i, left);
        storeUpTo(after, parameter + from + i, left);
      }
      momentum.finish(block, 0, rounding);
    }
  });
}

static void sgd(const Call& call, const Worker& worker) {
  const Vf rate = Vf::set1(*static_cast<const float*>(call.operands[5].data)), mu = Vf::set1(static_cast<float>(call.p[1]));
  const Vf decay = Vf::set1(static_cast<float>(call.p[2]));
  const bool nesterov = call.p[3] > 0;
  momentumUpdate(call, worker, roundingOf(call.operands[6], call.p[4], call.p[5]), [&](Vf gradient, Vf& m, Vf p) {
    const Vf g = fma(decay, p, gradient);
    m = fma(mu, m, g);
    return p - rate * (nesterov ? fma(mu, m, g) : m);
  });
}
static constexpr KernelEntry kSgd{"sgd", sgd, nullptr};

static void lion(const Call& call, const Worker& worker) {
  const float r = *static_cast<const float*>(call.operands[5].data);
  const Vf rate = Vf::set1(r), decay = Vf::set1(1.0f - r * static_cast<float>(call.p[3]));
  const Vf beta1 = Vf::set1(static_cast<float>(call.p[1])), rest1 = Vf::set1(static_cast<float>(1.0 - call.p[1]));
  const Vf beta2 = Vf::set1(static_cast<float>(call.p[2])), rest2 = Vf::set1(static_cast<float>(1.0 - call.p[2]));
  const Vf one = Vf::set1(1.0f), zero = Vf::zero();
  momentumUpdate(call, worker, roundingOf(call.operands[6], call.p[4], call.p[5]), [&](Vf g, Vf& m, Vf p) {
    const Vf c = fma(beta1, m, rest1 * g);
    m = fma(beta2, m, rest2 * g);
    return p * decay - rate * select(c > zero, one, select(c < zero, -one, c));
  });
}
static constexpr KernelEntry kLion{"lion", lion, nullptr};

}  // namespace octavo::OCTAVO_ISA
