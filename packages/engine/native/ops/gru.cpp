// GRU over time, and its gradient (Cho et al. 2014; the reset gate after the product, gates r, z, n).  p: batch, time, units, 3 · units, reverse.
#include "recurrence.h"
namespace octavo::OCTAVO_ISA {

// gates, weight, bias, initialHidden, lengths → h, lastHidden, activations (r, z, n, and what r scales), before.
static void gru(const Call& call, const Worker& worker) {
  const Operand* const o = call.operands;
  const Recurrence s(call, o[1], false);
  const RecurrentTeam team(s, worker);
  const int32_t* const lengths = static_cast<const int32_t*>(o[4].data);
  const int64_t units = s.units, time = s.time;
  const Floats gates(o[0]), bias(o[2]), h(o[5]), activations(o[7]), before(o[8]);
  team.begin(o[1]);
  team.fill(0, o[3]);
  team.keepState(0, team.buffers[0]);
  team.meet();
  for (int64_t step = 0; step < time; ++step) {
    const int64_t t = s.reverse ? time - 1 - step : step;
    float* const to = team.buffers[1 - step % 2];
    const auto ask = [&](int64_t b, int64_t u, int64_t count) {
      const int64_t place = b * time + t, at = place * units + u;
      for (int64_t g = 0; g < 3; ++g) gates.ask((place * 3 + g) * units + u, count);
      for (int64_t g = 0; g < 4; ++g) activations.ask((place * 4 + g) * units + u, count);
      for (const Floats* each : {&h, &before}) each->ask(at, count);
    };
    team.eachBlock(team.buffers[step % 2], ask, [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](float* sums, int64_t b, int64_t u, int64_t left) __attribute__((always_inline)) {
        const int64_t place = b * time + t, at = place * units + u, gate = place * 3 * units + u, kept = place * 4 * units + u;
        float* const hiddenAt = team.state(0, b, u);
        const Vf last = Vf::load(hiddenAt);
        before.store(last, at, left);
        if (!runsAt(lengths, b, t)) {
          last.store(sums);
          h.store(Vf::zero(), at, left);
          for (int64_t g = 0; g < 4; ++g) activations.store(Vf::zero(), kept + g * units, left);
          return;
        }
        Vf sum[3];
        for (int64_t g = 0; g < 3; ++g) {
          sum[g] = Vf::load(sums + g * block.apart);
          if (bias) sum[g] = sum[g] + bias.load(g * units + u, left);
        }
        const Vf reset = sigmoid(gates.load(gate, left) + sum[0]), keep = sigmoid(gates.load(gate + units, left) + sum[1]);
        const Vf candidate = tanh(fma(reset, sum[2], gates.load(gate + 2 * units, left)));
        const Vf y = fma(keep, last - candidate, candidate);
        y.store(hiddenAt);
        y.store(sums);
        h.store(y, at, left);
        activations.store(reset, kept, left);
        activations.store(keep, kept + units, left);
        activations.store(candidate, kept + 2 * units, left);
        activations.store(sum[2], kept + 3 * units, left);
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
  const int64_t units = s.units, time = s.time;
  const Floats activations(o[0]), before(o[1]), dh(o[3]), dgates(o[6]), dhidden(o[7]), dinitial(o[8]);
  team.begin(o[2]);
  team.fill(0, o[4]);
  const Vf one = Vf::set1(1.0f);
  for (int64_t step = time - 1; step >= 0; --step) {
    const int64_t t = s.reverse ? time - 1 - step : step;
    float* const to = team.buffers[1 - step % 2];
    const auto ask = [&](int64_t b, int64_t u, int64_t count) {
      const int64_t place = b * time + t, at = place * units + u;
      for (int64_t g = 0; g < 4; ++g) activations.ask((place * 4 + g) * units + u, count);
      for (const Floats* each : {&dgates, &dhidden})
        for (int64_t g = 0; g < 3; ++g) each->ask((place * 3 + g) * units + u, count);
      for (const Floats* each : {&dh, &before}) each->ask(at, count);
    };
    team.eachBlock(step == time - 1 ? nullptr : team.buffers[step % 2], ask, [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](float* sums, int64_t b, int64_t u, int64_t left) __attribute__((always_inline)) {
        const int64_t place = b * time + t, at = place * units + u, gate = place * 3 * units + u, kept = place * 4 * units + u;
        float* const hiddenAt = team.state(0, b, u);
        Vf d[3], dcandidate = Vf::zero(), dy = Vf::load(sums) + Vf::load(hiddenAt);
        if (runsAt(lengths, b, t)) {
          if (dh) dy = dy + dh.load(at, left);
          const Vf reset = activations.load(kept, left), keep = activations.load(kept + units, left);
          const Vf candidate = activations.load(kept + 2 * units, left), scaled = activations.load(kept + 3 * units, left);
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
          dhidden.store(d[g], gate + g * units, left);
          dgates.store(g < 2 ? d[g] : dcandidate, gate + g * units, left);
        }
      });
      for (int64_t g = 0; g < 3; ++g) team.keep(block, g, to);
    });
    team.meet();
  }
  if (dinitial)
    team.eachBlock(time == 0 ? nullptr : team.buffers[1], [](int64_t, int64_t, int64_t) {}, [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](const float* sums, int64_t b, int64_t u, int64_t left) { dinitial.store(Vf::load(sums) + Vf::load(team.state(0, b, u)), b * units + u, left); });
    });
}
static GemmMemory gruGradientMemory(const Call& call, int members) { return Recurrence(call, call.operands[2], true).memory(members, 1); }
static constexpr KernelEntry kGru{"gru", gru, gruMemory};
static constexpr KernelEntry kGruGradient{"gruGradient", gruGradient, gruGradientMemory};

}  // namespace octavo::OCTAVO_ISA
