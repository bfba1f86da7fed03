import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, showType, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';
import { logSumOf } from './log-sum.js';

// B sequences, T time, V classes with the blank, S labels at most
type Operand = 'x' | 'labels' | 'lengths' | 'labelLengths';
type Operands<T> = Readonly<Record<Operand, T>>;
type Attributes = { readonly blank: number; readonly zeroInfinity: boolean };
const none = Number.NEGATIVE_INFINITY;

const logAdd = (...values: readonly number[]): number => logSumOf(Float64Array.from(values));

/** One sequence: log-probabilities of time and class, and the path blank, label, blank, …, blank; undefined where they do not fit. */
function sequenceOf({ x, labels, lengths, labelLengths }: Operands<Dense>, b: number, blank: number) {
  const [, time, classes] = x.shape;
  const most = labels.shape[1];
  const [length, count] = [lengths.data[b], labelLengths.data[b]];
  const own = labels.data.subarray(b * most, b * most + Math.max(0, count));
  if (length < 0 || length > time || count < 0 || count > most) return undefined;
  if (own.some((label) => label < 0 || label >= classes || label === blank)) return undefined;
  const path = [blank, ...Array.from(own).flatMap((label) => [label, blank])];
  const logs = Array.from({ length }, (_, t) => {
    const row = x.data.subarray((b * time + t) * classes, (b * time + t + 1) * classes);
    const logSum = logSumOf(row);
    return row.map((value) => value - logSum);
  });
  return { path, logs };
}

/** log of the probability to have reached each place of the path by time t. */
function forwardOf(path: readonly number[], logs: readonly Float64Array[]): readonly Float64Array[] {
  const reached: Float64Array[] = [];
  for (const [t, row] of logs.entries())
    reached.push(
      Float64Array.from(path, (label, s) => {
        const at = (place: number): number => (t === 0 || place < 0 ? none : reached[t - 1][place]);
        const skips = s % 2 === 1 && label !== path[s - 2];
        const before = t === 0 ? (s < 2 ? 0 : none) : logAdd(at(s), at(s - 1), skips ? at(s - 2) : none);
        return before + row[label];
      }),
    );
  return reached;
}

function lossOf(the: Operands<Dense>, b: number, blank: number): number {
  const sequence = sequenceOf(the, b, blank);
  if (sequence === undefined) return Number.NaN;
  const { path, logs } = sequence;
  const last = forwardOf(path, logs).at(-1);
  if (last === undefined) return path.length === 1 ? 0 : Number.POSITIVE_INFINITY;
  return -logAdd(...last.slice(-2));
}

const check = (name: string, { x, labels, lengths, labelLengths }: Operands<TensorType>): void => {
  const [batch] = x.shape;
  if (
    x.shape.length !== 3 ||
    labels.shape.length !== 2 ||
    [labels, lengths, labelLengths].some(({ shape }) => shape[0] !== batch)
  )
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[${name}] x [B, T, V], labels [B, S], lengths and labelLengths [B]; received ${[x, labels, lengths, labelLengths].map(showType).join(', ')}`,
    });
};
const parameters = ({ x, labels }: Operands<TensorType>, { blank, zeroInfinity }: Attributes): readonly number[] => [
  ...x.shape,
  labels.shape[1],
  blank,
  Number(zeroInfinity),
];

/**
 * Connectionist temporal classification: −log of the probability that classes over time, repetitions joined and blanks
 * dropped, spell the labels. Softmax over the classes is inside.
 *   x: [B, T, V] logits, labels: int32 [B, S], lengths: int32 [B] of x, labelLengths: int32 [B] → losses: [B] float32.
 * A sequence that is too short for its labels has loss ∞ (0 with `zeroInfinity`); lengths or labels out of range give NaN;
 * neither has a gradient. Errors: SHAPE_MISMATCH. Source: Graves et al. 2006, 'Connectionist temporal classification'.
 */
export const ctcOp = defineOp({
  name: 'ctc',
  inputs: ['x', 'labels', 'lengths', 'labelLengths'],
  outputs: ['losses'],
  infer: (types, _: Attributes) => {
    check('ctc', types);
    return {
      losses: {
        dtype: isHalf(types.x.dtype) ? 'float32' : types.x.dtype,
        shape: [types.x.shape[0]],
      } satisfies TensorType,
    };
  },
  gradient: ({ inputs, d, attributes }) =>
    d.losses === undefined
      ? {}
      : { x: record(inputs.x.trace, ctcGradientOp, { ...inputs, dlosses: d.losses }, attributes).dx },
  reference: (the, { blank, zeroInfinity }) => ({
    losses: {
      shape: [the.x.shape[0]],
      data: Float64Array.from({ length: the.x.shape[0] }, (_, b) => {
        const loss = lossOf(the, b, blank);
        return zeroInfinity && loss === Number.POSITIVE_INFINITY ? 0 : loss;
      }),
    },
  }),
  parameters,
});

/** dx[b, t, v] = dlosses[b] · (softmax[v] − probability that the path is at class v at time t); 0 beyond the length. */
export const ctcGradientOp = defineOp({
  name: 'ctcGradient',
  inputs: ['x', 'labels', 'lengths', 'labelLengths', 'dlosses'],
  outputs: ['dx'],
  mixed: { full: ['dlosses'] },
  infer: ({ x }, _: Attributes) => ({ dx: x }),
  reference: ({ dlosses, ...the }, { blank }) => {
    const [batch, time, classes] = the.x.shape;
    const dx = new Float64Array(the.x.data.length);
    for (let b = 0; b < batch; b++) {
      const sequence = sequenceOf(the, b, blank);
      const loss = lossOf(the, b, blank);
      if (sequence === undefined || loss === Number.POSITIVE_INFINITY) continue;
      const { path, logs } = sequence;
      const from = forwardOf(path, logs);
      // The path read backwards is a path too.
      const to = forwardOf(path.toReversed(), logs.toReversed())
        .toReversed()
        .map((row) => row.toReversed());
      logs.forEach((row, t) => {
        const at = (b * time + t) * classes;
        for (let v = 0; v < classes; v++) dx[at + v] = Math.exp(row[v]);
        path.forEach((label, s) => {
          if (row[label] !== none) dx[at + label] -= Math.exp(from[t][s] + to[t][s] - row[label] + loss);
        });
        for (let v = 0; v < classes; v++) dx[at + v] *= dlosses.data[b];
      });
    }
    return { dx: { shape: the.x.shape, data: dx } };
  },
  parameters,
});

export const ctc = (the: Operands<Tensor>, { blank = 0, zeroInfinity = false }: Partial<Attributes> = {}): Tensor =>
  record(the.x.trace, ctcOp, the, { blank, zeroInfinity }).losses;
