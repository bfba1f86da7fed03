// GRU over time, and its gradient (Cho et al. 2014; the reset gate after the product, gates r, z, n).  p: batch, time, units, 3 · units, reverse.
#include "recurrence.h"
namespace octavo::OCTAVO_ISA {

// gates, weight, bias, initialHidden, lengths → h, lastHidden, activations (r, z, n, and what r scales), before.
static void gru(const Call& call, const Worker& worker) {
  const Operand* const o = call.operands;
  const Recurrence s(call, o[1], false);
  const RecurrentTeam team(s, worker);
  const int32_t* const lengths = static_cast<const int32_t*>(o[4].data);
  const Floats gates(o[0]), bias(o[2]), h(o[5]), activations(o[7]), before(o[8]);
  team.begin(o[1]);
  team.fill(0, o[3]);
  team.keepState(0, team.buffers[0]);
  team.meet();
  for (int64_t step = 0; step < s.time; ++step) {
    const int64_t t = s.reverse ? s.time - 1 - step : step;
    float* const to = team.buffers[1 - step % 2];
    team.eachBlock(team.buffers[step % 2], [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](float* sums, int64_t b, int64_t u, int64_t left) __attribute__((always_inline)) {
        const int64_t place = b * s.time + t, at = place * s.units + u, gate = place * 3 * s.units + u, kept = place * 4 * s.units + u;
        float* const hiddenAt = team.state(0, b, u);
        const Vf last = Vf::load(hiddenAt);
        before.store(last, at, left);
        if (!runsAt(lengths, b, t)) {
          last.store(sums);
          h.store(Vf::zero(), at, left);
          for (int64_t g = 0; g < 4; ++g) activations.store(Vf::zero(), kept + g * s.units, left);
          return;
        }
        Vf sum[3];
        for (int64_t g = 0; g < 3; ++g) {
          sum[g] = Vf::load(sums + g * block.apart);
          if (bias) sum[g] = sum[g] + bias.load(g * s.units + u, left);
        }
        const Vf reset = sigmoid(gates.load(gate, left) + sum[0]), keep = sigmoid(gates.load(gate + s.units, left) + sum[1]);
        const Vf candidate = tanh(fma(reset, sum[2], gates.load(gate + 2 * s.units, left)));
        const Vf y = fma(keep, last - candidate, candidate);
        y.store(hiddenAt);
        y.store(sums);
        h.store(y, at, left);
        activations.store(reset, kept, left);
        activations.store(keep, kept + s.units, left);
        activations.store(candidate, kept + 2 * s.units, left);
        activations.store(sum[2], kept + 3 * s.units, left);
      });
      team.keep(block, 0, to);
    });
    team.meet();
  }
  team.leave(0, o[6]);
}
static GemmMemory gruMemory(const Call& call, int members) { return Recurrence(call, call.operands[1], false).memory(members, 1); }

// activations, before, weight, dh, dlastHidden, lengths → dgates, dhidden, dinitialHidden. The two differ in the candidate:
// dhidden is of the product with the state, which the reset gate scales.
static void gruGradient(const Call& call, const Worker& worker) {
  const Operand* const o = call.operands;
  const Recurrence s(call, o[2], true);
  const RecurrentTeam team(s, worker);
  const int32_t* const lengths = static_cast<const int32_t*>(o[5].data);
  const Floats activations(o[0]), before(o[1]), dh(o[3]), dgates(o[6]), dhidden(o[7]), dinitial(o[8]);
  team.begin(o[2]);
  team.fill(0, o[4]);
  const Vf one = Vf::set1(1.0f);
  for (int64_t step = s.time - 1; step >= 0; --step) {
    const int64_t t = s.reverse ? s.time - 1 - step : step;
    float* const to = team.buffers[1 - step % 2];
    team.eachBlock(step == s.time - 1 ? nullptr : team.buffers[step % 2], [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](float* sums, int64_t b, int64_t u, int64_t left) __attribute__((always_inline)) {
        const int64_t place = b * s.time + t, at = place * s.units + u, gate = place * 3 * s.units + u, kept = place * 4 * s.units + u;
        float* const hiddenAt = team.state(0, b, u);
        Vf d[3], dcandidate = Vf::zero(), dy = Vf::load(sums) + Vf::load(hiddenAt);
        if (runsAt(lengths, b, t)) {
          if (dh) dy = dy + dh.load(at, left);
          const Vf reset = activations.load(kept, left), keep = activations.load(kept + s.units, left);
          const Vf candidate = activations.load(kept + 2 * s.units, left), scaled = activations.load(kept + 3 * s.units, left);
          dcandidate = dy * (one - keep) * (one - candidate * candidate);
          d[0] = dcandidate * scaled * reset * (one - reset);
          d[1] = dy * (before.load(at, left) - candidate) * keep * (one - keep);
          d[2] = dcandidate * reset;
          dy = dy * keep;
        } else {
          for (Vf& v : d) v = Vf::zero();
        }
        dy.store(hiddenAt);
        for (int64_t g = 0; g < 3; ++g) {
          d[g].store(sums + g * block.apart);
          dhidden.store(d[g], gate + g * s.units, left);
          dgates.store(g < 2 ? d[g] : dcandidate, gate + g * s.units, left);
        }
      });
      for (int64_t g = 0; g < 3; ++g) team.keep(block, g, to);
    });
    team.meet();
  }
  if (dinitial)
    team.eachBlock(s.time == 0 ? nullptr : team.buffers[1], [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](const float* sums, int64_t b, int64_t u, int64_t left) { dinitial.store(Vf::load(sums) + Vf::load(team.state(0, b, u)), b * s.units + u, left); });
    });
}
static GemmMemory gruGradientMemory(const Call& call, int members) { return Recurrence(call, call.operands[2], true).memory(members, 1); }
static constexpr KernelEntry kGru{"gru", gru, gruMemory};
static constexpr KernelEntry kGruGradient{"gruGradient", gruGradient, gruGradientMemory};

}  // namespace octavo::OCTAVO_ISA
