import { record, type Tensor } from '../trace/trace.js';
import { product, type TensorType } from '../types.js';
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
import { slice } from './slice.js';
import { subtract } from './subtract.js';
import { sum } from './sum.js';
import { tanh } from './tanh.js';

const four = (type: TensorType, units: number): TensorType => ({
  ...type,
  shape: [...type.shape.slice(0, 2), 4 * units],
});

/**
 * A gated recurrent unit over time. With (a, b, q) = weight h_{t−1} + bias: r = σ(gates_r + a), z = σ(gates_z + b),
 * n = tanh(gates_n + r ⊙ q), h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}; with `reverse`, from the last step to the first.
 *   gates: [B, T, 3H], the products of the inputs with their weight and bias, weight: [3H, H], bias: [3H] or 0,
 *   initialHidden: [B, H] or 0, lengths: int32 [B] → h: [B, T, H], lastHidden: [B, H].
 * A step at or past its length keeps the state and gives 0. `activations` (r, z, n, q) and `before` (h_{t−1}) are for the
 * backward pass, and have no gradient. The state is float32 in mixed precision, the operands of the product 16-bit.
 * Errors: SHAPE_MISMATCH. Source: Cho et al. 2014, arXiv 1406.1078; the reset gate after the product, so that it is one.
 */
export const gruOp = defineOp({
  name: 'gru',
  inputs: ['gates', 'weight'],
  optional: ['bias', 'initialHidden', 'lengths'],
  outputs: ['h', 'lastHidden', 'activations', 'before'],
  mixed: { half: ['weight'], full: ['bias', 'initialHidden'] },
  infer: ({ gates, weight, bias, initialHidden, lengths }, _: RecurrentAttributes) => {
    const { batch, time, units } = checkedSizes('gru', gates, weight, 3, { states: [initialHidden], bias, lengths });
    const h = { dtype: gates.dtype, shape: [batch, time, units] };
    return { h, lastHidden: stateOf(gates, [batch, units]), activations: four(gates, units), before: h };
  },
  gradient: ({ inputs, outputs: { activations, before }, d, attributes }) => {
    const { weight, bias, initialHidden, lengths } = inputs;
    if (d.h === undefined && d.lastHidden === undefined) return {};
    const made = record(
      weight.trace,
      gruGradientOp,
      {
        ...{ activations, before, weight },
        ...(d.h === undefined ? {} : { dh: d.h }),
        ...(d.lastHidden === undefined ? {} : { dlastHidden: d.lastHidden }),
        ...(lengths === undefined ? {} : { lengths }),
      },
      attributes,
    );
    return {
      gates: made.dgates,
      weight: weightGradient(made.dhidden, before),
      ...(bias === undefined ? {} : { bias: sum(made.dhidden, [0, 2]) }),
      ...(initialHidden === undefined ? {} : { initialHidden: made.dinitialHidden }),
    };
  },
  reference: ({ gates, weight, bias, initialHidden, lengths }, attributes) => {
    const sizes = sizesOf(gates, weight);
    const { batch, time, units } = sizes;
    const hidden = initialHidden?.data.slice() ?? new Float64Array(batch * units);
    const many = (): Float64Array => new Float64Array(batch * time * units);
    const [h, before, activations] = [many(), many(), new Float64Array(4 * batch * time * units)];
    eachStep(sizes, attributes, lengths, 'forward', (b, place, _, runs) => {
      before.set(hidden.subarray(b * units, (b + 1) * units), place * units);
      if (!runs) return;
      const made = new Float64Array(units);
      for (let u = 0; u < units; u++) {
        const given = (g: number): number => gates.data[(place * 3 + g) * units + u];
        const from = (g: number): number =>
          stateProduct(weight, g * units + u, hidden, b) + (bias?.data[g * units + u] ?? 0);
        const [r, z, q] = [sigmoidOf(given(0) + from(0)), sigmoidOf(given(1) + from(1)), from(2)];
        const n = Math.tanh(given(2) + r * q);
        made[u] = (1 - z) * n + z * hidden[b * units + u];
        [r, z, n, q].forEach((value, k) => {
          activations[(place * 4 + k) * units + u] = value;
        });
      }
      h.set(made, place * units);
      hidden.set(made, b * units);
    });
    const all = [batch, time, units];
    return {
      h: { shape: all, data: h },
      lastHidden: { shape: [batch, units], data: hidden },
      activations: { shape: [batch, time, 4 * units], data: activations },
      before: { shape: all, data: before },
    };
  },
  parameters: ({ gates, weight }, attributes) => recurrentParameters(sizesOf(gates, weight), 3, attributes),
});

/** Back through time. Shapes as in `gru`; `dhidden` [B, T, 3H] is of the product with the state, where n's part is scaled by r. */
export const gruGradientOp = defineOp({
  name: 'gruGradient',
  inputs: ['activations', 'before', 'weight'],
  optional: ['dh', 'dlastHidden', 'lengths'],
  outputs: ['dgates', 'dhidden', 'dinitialHidden'],
  mixed: { half: ['weight'], full: ['dlastHidden'] },
  infer: ({ before, weight }, _: RecurrentAttributes) => {
    const [batch, time, units] = before.shape;
    const d: TensorType = { dtype: before.dtype, shape: [batch, time, weight.shape[0]] };
    return { dgates: d, dhidden: d, dinitialHidden: stateOf(before, [batch, units]) };
  },
  reference: ({ activations, before, weight, dh, dlastHidden, lengths }, attributes) => {
    const [batch, time, units] = before.shape;
    const shape = [batch, time, 3 * units];
    const [dgates, dhidden] = [new Float64Array(product(shape)), new Float64Array(product(shape))];
    const carried = dlastHidden?.data.slice() ?? new Float64Array(batch * units);
    eachStep({ batch, time, units }, attributes, lengths, 'backward', (b, place, _, runs) => {
      if (!runs) return;
      const at = place * 3 * units;
      const through = new Float64Array(units);
      for (let u = 0; u < units; u++) {
        const [r, z, n, q] = [0, 1, 2, 3].map((k) => activations.data[(place * 4 + k) * units + u]);
        const dy = carried[b * units + u] + (dh?.data[place * units + u] ?? 0);
        const dn = dy * (1 - z) * (1 - n ** 2);
        const [dr, dz] = [dn * q * r * (1 - r), dy * (before.data[place * units + u] - n) * z * (1 - z)];
        [dr, dz, dn].forEach((value, g) => {
          dgates[at + g * units + u] = value;
          dhidden[at + g * units + u] = g === 2 ? value * r : value;
        });
        through[u] = dy * z;
      }
      const d = dhidden.subarray(at, at + 3 * units);
      for (let u = 0; u < units; u++) carried[b * units + u] = through[u] + turnedProduct(weight, d, u);
    });
    return {
      dgates: { shape, data: dgates },
      dhidden: { shape, data: dhidden },
      dinitialHidden: { shape: [batch, units], data: carried },
    };
  },
  parameters: ({ before, weight }, attributes) => recurrentParameters(sizesOf(before, weight), 3, attributes),
});

/** gates [B, T, 3H], weight [3H, H], bias [3H] → every h [B, T, H] and the last state [B, H]. */
export function gru({
  gates,
  weight,
  bias,
  initialHidden,
  lengths,
  reverse = false,
}: {
  readonly gates: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly initialHidden?: Tensor;
  readonly lengths?: Tensor;
  readonly reverse?: boolean;
}): { readonly h: Tensor; readonly lastHidden: Tensor } {
  if (gates.shape[1] === 1 && initialHidden !== undefined && lengths === undefined) {
    checkedSizes('gru', gates, weight, 3, { states: [initialHidden], bias });
    const { given, made } = singleStep(gates, weight, initialHidden);
    const units = initialHidden.shape[1];
    const product = (gate: number): Tensor =>
      bias === undefined ? made(gate) : add(made(gate), slice(bias, 0, gate * units, (gate + 1) * units));
    const [reset, update] = [0, 1].map((gate) => sigmoid(add(given(gate), product(gate))));
    const fresh = tanh(add(given(2), multiply(reset, product(2))));
    const hidden = add(fresh, multiply(update, subtract(initialHidden, fresh)));
    return { h: reshape(hidden, [hidden.shape[0], 1, units]), lastHidden: hidden };
  }
  const operands = {
    ...{ gates, weight },
    ...(bias === undefined ? {} : { bias }),
    ...(initialHidden === undefined ? {} : { initialHidden }),
    ...(lengths === undefined ? {} : { lengths }),
  };
  const { h, lastHidden } = record(gates.trace, gruOp, operands, { reverse });
  return { h, lastHidden };
}
