import { OctavoError } from '../error.js';
import type { Tensor } from '../trace/trace.js';
import { isHalf, product, sameShape, showType, type TensorType } from '../types.js';
import { castFull } from './cast.js';
import type { Dense } from './define.js';
import { matmul } from './matmul.js';
import { reshape } from './reshape.js';
import { slice } from './slice.js';

// B batch, T time, H hidden units, G gates
export type RecurrentAttributes = { readonly reverse: boolean };

export interface RecurrentSizes {
  readonly batch: number;
  readonly time: number;
  readonly units: number;
}

/** The float32 type of a state whose values may be 16-bit elsewhere. */
export const stateOf = (type: TensorType, shape: readonly number[]): TensorType => ({
  dtype: isHalf(type.dtype) ? 'float32' : type.dtype,
  shape,
});

interface Shaped {
  readonly shape: readonly number[];
}

/** Of a tensor [B, T, ..] and the weight [G·H, H]. */
export const sizesOf = ({ shape }: Shaped, weight: Shaped): RecurrentSizes => ({
  batch: shape[0],
  time: shape[1],
  units: weight.shape[1],
});

/** Sizes of gates [B, T, G·H] with weight [G·H, H], where states [B, H], bias [G·H] and lengths [B] fit them. */
export function checkedSizes(
  name: string,
  gates: TensorType,
  weight: TensorType,
  count: number,
  others: {
    readonly states: readonly (TensorType | undefined)[];
    readonly bias?: TensorType | undefined;
    readonly lengths?: TensorType | undefined;
  },
): RecurrentSizes {
  const [batch, time, width] = gates.shape;
  const [rows, units] = weight.shape;
  const { states, bias, lengths } = others;
  const fits = (type: TensorType | undefined, shape: readonly number[]): boolean =>
    type === undefined || sameShape(type.shape, shape);
  const all =
    gates.shape.length === 3 &&
    weight.shape.length === 2 &&
    rows === width &&
    width === count * units &&
    states.every((state) => fits(state, [batch, units])) &&
    fits(bias, [width]) &&
    fits(lengths, [batch]);
  if (!all)
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[${name}] gates [B, T, ${count}·H], weight [${count}·H, H], states [B, H], bias [${count}·H], lengths [B]; received ${[gates, weight, ...states, bias, lengths].flatMap((type) => (type === undefined ? [] : [showType(type)])).join(', ')}`,
    });
  return { batch, time, units };
}

export const recurrentParameters = (
  { batch, time, units }: RecurrentSizes,
  gates: number,
  { reverse }: RecurrentAttributes,
): readonly number[] => [batch, time, units, gates * units, Number(reverse)];

/**
 * Of a single step the gates [B, G·H] and their products with the state, each by its number. A step by itself is products
 * and elementwise ops: the scan would pack the weight to use it once.
 */
export function singleStep(gates: Tensor, weight: Tensor, state: Tensor) {
  const { batch, units } = sizesOf(gates, weight);
  const sums = matmul(state, weight, { transposeB: true, full: true });
  const rows = reshape(gates, [batch, gates.shape[2]]);
  const part = (x: Tensor, gate: number): Tensor => slice(x, 1, gate * units, (gate + 1) * units);
  // State and sums stay float32 where gates are 16-bit.
  return { given: (gate: number) => castFull(part(rows, gate)), made: (gate: number) => part(sums, gate) };
}

/** The gradient of the weight: Σ over steps of d ⊗ the state before, one large product. */
export const weightGradient = (d: Tensor, before: Tensor): Tensor => {
  const rows = product(d.shape.slice(0, 2));
  const flat = (x: Tensor): Tensor => reshape(x, [rows, x.shape[2] ?? 0]);
  return matmul(flat(d), flat(before), { transposeA: true, full: true });
};

/** Every step of a sequence in the order of the recurrence: where it stands, and the place of the step before (−1: none). */
export function eachStep(
  { batch, time }: RecurrentSizes,
  { reverse }: RecurrentAttributes,
  lengths: Dense | undefined,
  direction: 'forward' | 'backward',
  visit: (b: number, place: number, before: number, runs: boolean) => void,
): void {
  for (let b = 0; b < batch; b++)
    for (let n = 0; n < time; n++) {
      const step = direction === 'forward' ? n : time - 1 - n;
      const t = reverse ? time - 1 - step : step;
      const before = step === 0 ? -1 : b * time + (reverse ? t + 1 : t - 1);
      visit(b, b * time + t, before, lengths === undefined || t < lengths.data[b]);
    }
}

/** Σ over units j of weight[row, j] state[b, j]. */
export const stateProduct = (weight: Dense, row: number, state: Float64Array, b: number): number => {
  const units = weight.shape[1];
  let total = 0;
  for (let j = 0; j < units; j++) total += weight.data[row * units + j] * state[b * units + j];
  return total;
};

/** Σ over rows of d[row] weight[row, unit]. */
export const turnedProduct = (weight: Dense, d: Float64Array, unit: number): number => {
  const [rows, units] = weight.shape;
  let total = 0;
  for (let row = 0; row < rows; row++) total += d[row] * weight.data[row * units + unit];
  return total;
};

export const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x));
