// LSTM over time, and its gradient (Hochreiter and Schmidhuber 1997; gates i, f, g, o).  p: batch, time, units, 4 · units, reverse.
#include "recurrence.h"
namespace octavo::OCTAVO_ISA {

// gates, weight, initialHidden, initialCell, lengths → h, lastHidden, lastCell, cells, activations, before.
static void lstm(const Call& call, const Worker& worker) {
  const Operand* const o = call.operands;
  const Recurrence s(call, o[1], false);
  const RecurrentTeam team(s, worker);
  const int32_t* const lengths = static_cast<const int32_t*>(o[4].data);
  const int64_t units = s.units, time = s.time;
  const Floats gates(o[0]), h(o[5]), cells(o[8]), activations(o[9]), before(o[10]);
  enum { hidden, cell };
  team.begin(o[1]);
  team.fill(hidden, o[2]);
  team.fill(cell, o[3]);
  team.keepState(hidden, team.buffers[0]);
  team.meet();
  for (int64_t step = 0; step < time; ++step) {
    const int64_t t = s.reverse ? time - 1 - step : step;
    float* const to = team.buffers[1 - step % 2];
    const auto ask = [&](int64_t b, int64_t u, int64_t count) {
      const int64_t place = b * time + t, at = place * units + u;
      for (int64_t g = 0; g < 4; ++g) gates.ask((place * 4 + g) * units + u, count);
      for (int64_t g = 0; g < 4; ++g) activations.ask((place * 4 + g) * units + u, count);
      for (const Floats* each : {&h, &cells, &before}) each->ask(at, count);
    };
    team.eachBlock(team.buffers[step % 2], ask, [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](float* sums, int64_t b, int64_t u, int64_t left) __attribute__((always_inline)) {
        const int64_t place = b * time + t, at = place * units + u, gate = place * 4 * units + u;
        float *const hiddenAt = team.state(hidden, b, u), *const cellAt = team.state(cell, b, u);
        const Vf last = Vf::load(hiddenAt), lastCell = Vf::load(cellAt);
        before.store(last, at, left);
        if (!runsAt(lengths, b, t)) {
          last.store(sums);
          h.store(Vf::zero(), at, left);
          cells.store(lastCell, at, left);
          for (int64_t g = 0; g < 4; ++g) activations.store(Vf::zero(), gate + g * units, left);
          return;
        }
        const Vf in = sigmoid(gates.load(gate, left) + Vf::load(sums));
        const Vf keep = sigmoid(gates.load(gate + units, left) + Vf::load(sums + block.apart));
        const Vf candidate = tanh(gates.load(gate + 2 * units, left) + Vf::load(sums + 2 * block.apart));
        const Vf out = sigmoid(gates.load(gate + 3 * units, left) + Vf::load(sums + 3 * block.apart));
        const Vf next = fma(keep, lastCell, in * candidate), y = out * tanh(next);
        next.store(cellAt);
        y.store(hiddenAt);
        y.store(sums);
        h.store(y, at, left);
        cells.store(next, at, left);
        activations.store(in, gate, left);
        activations.store(keep, gate + units, left);
        activations.store(candidate, gate + 2 * units, left);
        activations.store(out, gate + 3 * units, left);
      });
      team.keep(block, 0, to);
    });
    team.meet();
  }
  team.leave(hidden, o[6]);
  team.leave(cell, o[7]);
}
static GemmMemory lstmMemory(const Call& call, int members) { return Recurrence(call, call.operands[1], false).memory(members, 2); }

// activations, cells, weight, dh, dlastHidden, dlastCell, initialCell, lengths → dgates, dinitialHidden, dinitialCell.
static void lstmGradient(const Call& call, const Worker& worker) {
  const Operand* const o = call.operands;
  const Recurrence s(call, o[2], true);
  const RecurrentTeam team(s, worker);
  const int32_t* const lengths = static_cast<const int32_t*>(o[7].data);
  const int64_t units = s.units, time = s.time;
  const Floats activations(o[0]), cells(o[1]), dh(o[3]), initialCell(o[6]), dgates(o[8]), dinitial(o[9]);
  enum { hidden, cell };  // what reaches the state besides the product, and the cell
  team.begin(o[2]);
  team.fill(hidden, o[4]);
  team.fill(cell, o[5]);
  const Vf one = Vf::set1(1.0f);
  for (int64_t step = time - 1; step >= 0; --step) {
    const int64_t t = s.reverse ? time - 1 - step : step, previous = s.reverse ? t + 1 : t - 1;
    float* const to = team.buffers[1 - step % 2];
    const auto ask = [&](int64_t b, int64_t u, int64_t count) {
      const int64_t place = b * time + t, at = place * units + u;
      for (int64_t g = 0; g < 4; ++g) activations.ask((place * 4 + g) * units + u, count);
      for (int64_t g = 0; g < 4; ++g) dgates.ask((place * 4 + g) * units + u, count);
      for (const Floats* each : {&dh, &cells}) each->ask(at, count);
    };
    team.eachBlock(step == time - 1 ? nullptr : team.buffers[step % 2], ask, [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](float* sums, int64_t b, int64_t u, int64_t left) __attribute__((always_inline)) {
        const int64_t place = b * time + t, at = place * units + u, gate = place * 4 * units + u;
        float *const hiddenAt = team.state(hidden, b, u), *const cellAt = team.state(cell, b, u);
        Vf d[4], dy = Vf::load(sums) + Vf::load(hiddenAt);
        if (runsAt(lengths, b, t)) {
          if (dh) dy = dy + dh.load(at, left);
          const Vf in = activations.load(gate, left), keep = activations.load(gate + units, left);
          const Vf candidate = activations.load(gate + 2 * units, left), out = activations.load(gate + 3 * units, left);
          const Vf bent = tanh(cells.load(at, left));
          const Vf last = step > 0 ? cells.load((b * time + previous) * units + u, left) : initialCell ? initialCell.load(b * units + u, left) : Vf::zero();
          const Vf dcell = fma(dy * out, one - bent * bent, Vf::load(cellAt));
          d[0] = dcell * candidate * in * (one - in);
          d[1] = dcell * last * keep * (one - keep);
          d[2] = dcell * in * (one - candidate * candidate);
          d[3] = dy * bent * out * (one - out);
          (dcell * keep).store(cellAt);
          dy = Vf::zero();
        } else {
          for (Vf& v : d) v = Vf::zero();
        }
        dy.store(hiddenAt);
        for (int64_t g = 0; g < 4; ++g) {
          d[g].store(sums + g * block.apart);
          dgates.store(d[g], gate + g * units, left);
        }
      });
      for (int64_t g = 0; g < 4; ++g) team.keep(block, g, to);
    });
    team.meet();
  }
  // Step 0 wrote to buffer 1.
  if (dinitial)
    team.eachBlock(time == 0 ? nullptr : team.buffers[1], [](int64_t, int64_t, int64_t) {}, [&](const RecurrentBlock& block) {
      team.eachVector(block, [&](const float* sums, int64_t b, int64_t u, int64_t left) { dinitial.store(Vf::load(sums) + Vf::load(team.state(hidden, b, u)), b * units + u, left); });
    });
  team.leave(cell, o[10]);
}
static GemmMemory lstmGradientMemory(const Call& call, int members) { return Recurrence(call, call.operands[2], true).memory(members, 2); }
static constexpr KernelEntry kLstm{"lstm", lstm, lstmMemory};
static constexpr KernelEntry kLstmGradient{"lstmGradient", lstmGradient, lstmGradientMemory};

}  // namespace octavo::OCTAVO_ISA
