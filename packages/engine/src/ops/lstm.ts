import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { add } from './add.js';
import { defineOp } from './define.js';
import { multiply } from './multiply.js';
import {
  checkedSizes,
  eachStep,
  type RecurrentAttributes,
  recurrentParameters,
  sigmoidOf,
  singleStep,
  sizesOf,
  stateOf,
  stateProduct,
  turnedProduct,
  weightGradient,
} from './recurrence.js';
import { reshape } from './reshape.js';
import { sigmoid } from './sigmoid.js';
import { tanh } from './tanh.js';

/**
 * A long short-term memory over time. With (i, f, g, o) = gates_t + weight h_{t−1}, logistic but g, which is tanh:
 * c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh c_t; with `reverse`, from the last step to the first.
 *   gates: [B, T, 4H], the products of the inputs with their weight and all biases, weight: [4H, H], initialHidden,
 *   initialCell: [B, H] or 0, lengths: int32 [B] → h: [B, T, H], lastHidden, lastCell: [B, H].
 * A step at or past its length keeps the state and gives 0. `cells`, `activations` (gates after their functions) and
 * `before` (h_{t−1}) are for the backward pass, and have no gradient. States are float32 in mixed precision, the operands
 * of the product 16-bit.
 * Errors: SHAPE_MISMATCH. Source: Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000 (the gate f).
 */
export const lstmOp = defineOp({
  name: 'lstm',
  inputs: ['gates', 'weight'],
  optional: ['initialHidden', 'initialCell', 'lengths'],
  outputs: ['h', 'lastHidden', 'lastCell', 'cells', 'activations', 'before'],
  mixed: { half: ['weight'], full: ['initialHidden', 'initialCell'] },
  infer: ({ gates, weight, initialHidden, initialCell, lengths }, _: RecurrentAttributes) => {
    const states = [initialHidden, initialCell];
    const { batch, time, units } = checkedSizes('lstm', gates, weight, 4, { states, lengths });
    const h = { dtype: gates.dtype, shape: [batch, time, units] };
    const last = stateOf(gates, [batch, units]);
    return { h, lastHidden: last, lastCell: last, cells: stateOf(gates, h.shape), activations: gates, before: h };
  },
  gradient: ({ inputs, outputs: { activations, cells, before }, d, attributes }) => {
    const { weight, initialHidden, initialCell, lengths } = inputs;
    if (d.h === undefined && d.lastHidden === undefined && d.lastCell === undefined) return {};
    const made = record(
      weight.trace,
      lstmGradientOp,
      {
        ...{ activations, cells, weight },
        ...(d.h === undefined ? {} : { dh: d.h }),
        ...(d.lastHidden === undefined ? {} : { dlastHidden: d.lastHidden }),
        ...(d.lastCell === undefined ? {} : { dlastCell: d.lastCell }),
        ...(initialCell === undefined ? {} : { initialCell }),
        ...(lengths === undefined ? {} : { lengths }),
      },
      attributes,
    );
    return {
      gates: made.dgates,
      weight: weightGradient(made.dgates, before),
      ...(initialHidden === undefined ? {} : { initialHidden: made.dinitialHidden }),
      ...(initialCell === undefined ? {} : { initialCell: made.dinitialCell }),
    };
  },
  reference: ({ gates, weight, initialHidden, initialCell, lengths }, attributes) => {
    const sizes = sizesOf(gates, weight);
    const { batch, time, units } = sizes;
    const hidden = initialHidden?.data.slice() ?? new Float64Array(batch * units);
    const cell = initialCell?.data.slice() ?? new Float64Array(batch * units);
    const many = (): Float64Array => new Float64Array(batch * time * units);
    const [h, cells, before, activations] = [many(), many(), many(), new Float64Array(gates.data.length)];
    eachStep(sizes, attributes, lengths, 'forward', (b, place, _, runs) => {
      before.set(hidden.subarray(b * units, (b + 1) * units), place * units);
      const made = new Float64Array(units);
      for (let u = 0; u < units; u++) {
        const gate = (g: number): number =>
          gates.data[(place * 4 + g) * units + u] + stateProduct(weight, g * units + u, hidden, b);
        const [i, f, g, o] = [sigmoidOf(gate(0)), sigmoidOf(gate(1)), Math.tanh(gate(2)), sigmoidOf(gate(3))];
        if (runs) {
          cell[b * units + u] = f * cell[b * units + u] + i * g;
          made[u] = o * Math.tanh(cell[b * units + u]);
          [i, f, g, o].forEach((value, k) => {
            activations[(place * 4 + k) * units + u] = value;
          });
        }
      }
      cells.set(cell.subarray(b * units, (b + 1) * units), place * units);
      if (!runs) return;
      h.set(made, place * units);
      hidden.set(made, b * units);
    });
    const [all, one] = [
      [batch, time, units],
      [batch, units],
    ];
    return {
      h: { shape: all, data: h },
      lastHidden: { shape: one, data: hidden },
      lastCell: { shape: one, data: cell },
      cells: { shape: all, data: cells },
      activations: { shape: gates.shape, data: activations },
      before: { shape: all, data: before },
    };
  },
  parameters: ({ gates, weight }, attributes) => recurrentParameters(sizesOf(gates, weight), 4, attributes),
});

/** Back through time: what reaches the gates, and the initial states. Shapes as in `lstm`; dh and the others may be absent. */
export const lstmGradientOp = defineOp({
  name: 'lstmGradient',
  inputs: ['activations', 'cells', 'weight'],
  optional: ['dh', 'dlastHidden', 'dlastCell', 'initialCell', 'lengths'],
  outputs: ['dgates', 'dinitialHidden', 'dinitialCell'],
  mixed: { half: ['weight'], full: ['cells', 'dlastHidden', 'dlastCell', 'initialCell'] },
  infer: ({ activations, weight }, _: RecurrentAttributes) => {
    const { batch, units } = sizesOf(activations, weight);
    const initial = stateOf(activations, [batch, units]);
    return { dgates: activations, dinitialHidden: initial, dinitialCell: initial };
  },
  reference: ({ activations, cells, weight, dh, dlastHidden, dlastCell, initialCell, lengths }, attributes) => {
    const sizes = sizesOf(activations, weight);
    const { batch, units } = sizes;
    const dgates = new Float64Array(product(activations.shape));
    const dhidden = dlastHidden?.data.slice() ?? new Float64Array(batch * units);
    const dcell = dlastCell?.data.slice() ?? new Float64Array(batch * units);
    eachStep(sizes, attributes, lengths, 'backward', (b, place, before, runs) => {
      if (!runs) return;
      const d = dgates.subarray(place * 4 * units, (place + 1) * 4 * units);
      for (let u = 0; u < units; u++) {
        const [i, f, g, o] = [0, 1, 2, 3].map((k) => activations.data[(place * 4 + k) * units + u]);
        const dy = dhidden[b * units + u] + (dh?.data[place * units + u] ?? 0);
        const bent = Math.tanh(cells.data[place * units + u]);
        const last = before < 0 ? (initialCell?.data[b * units + u] ?? 0) : cells.data[before * units + u];
        const dc = dcell[b * units + u] + dy * o * (1 - bent ** 2);
        d[u] = dc * g * i * (1 - i);
        d[units + u] = dc * last * f * (1 - f);
        d[2 * units + u] = dc * i * (1 - g ** 2);
        d[3 * units + u] = dy * bent * o * (1 - o);
        dcell[b * units + u] = dc * f;
      }
      for (let u = 0; u < units; u++) dhidden[b * units + u] = turnedProduct(weight, d, u);
    });
    const one = [batch, units];
    return {
      dgates: { shape: activations.shape, data: dgates },
      dinitialHidden: { shape: one, data: dhidden },
      dinitialCell: { shape: one, data: dcell },
    };
  },
  parameters: ({ activations, weight }, attributes) => recurrentParameters(sizesOf(activations, weight), 4, attributes),
});

/** gates [B, T, 4H], weight [4H, H] → every h [B, T, H] and the last states [B, H]. */
export function lstm({
  gates,
  weight,
  initialHidden,
  initialCell,
  lengths,
  reverse = false,
}: {
  readonly gates: Tensor;
  readonly weight: Tensor;
  readonly initialHidden?: Tensor;
  readonly initialCell?: Tensor;
  readonly lengths?: Tensor;
  readonly reverse?: boolean;
}): { readonly h: Tensor; readonly lastHidden: Tensor; readonly lastCell: Tensor } {
  if (gates.shape[1] === 1 && initialHidden !== undefined && initialCell !== undefined && lengths === undefined) {
    checkedSizes('lstm', gates, weight, 4, { states: [initialHidden, initialCell] });
    const { given, made } = singleStep(gates, weight, initialHidden);
    const [input, forget, candidate, output] = [0, 1, 2, 3].map((gate) => add(given(gate), made(gate)));
    const cell = add(multiply(sigmoid(forget), initialCell), multiply(sigmoid(input), tanh(candidate)));
    const hidden = multiply(sigmoid(output), tanh(cell));
    return { h: reshape(hidden, [hidden.shape[0], 1, hidden.shape[1]]), lastHidden: hidden, lastCell: cell };
  }
  const operands = {
    ...{ gates, weight },
    ...(initialHidden === undefined ? {} : { initialHidden }),
    ...(initialCell === undefined ? {} : { initialCell }),
    ...(lengths === undefined ? {} : { lengths }),
  };
  const { h, lastHidden, lastCell } = record(gates.trace, lstmOp, operands, { reverse });
  return { h, lastHidden, lastCell };
}
