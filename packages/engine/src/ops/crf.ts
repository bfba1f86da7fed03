import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, showType, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';
import { logSumOf } from './log-sum.js';

// B sequences, T time, K tags
type Scores = 'x' | 'transitions' | 'start' | 'end';
type ScoreOperands<T> = Readonly<Record<Scores | 'lengths', T>>;
type Operands<T> = Readonly<Record<Scores | 'lengths' | 'tags', T>>;

export const scoreInputs = ['x', 'transitions', 'start', 'end', 'lengths'] as const;
export const crfMixed = { full: ['transitions', 'start', 'end', 'dlosses'] } as const;

export const checkScores = (name: string, { x, transitions, start, end, lengths }: ScoreOperands<TensorType>): void => {
  const [batch, , tags] = x.shape;
  const vector = ({ shape }: TensorType, size: number): boolean => shape.length === 1 && shape[0] === size;
  const square = transitions.shape.length === 2 && transitions.shape.every((size) => size === tags);
  if (x.shape.length !== 3 || !square || !vector(start, tags) || !vector(end, tags) || !vector(lengths, batch))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[${name}] x [B, T, K], transitions [K, K], start and end [K], lengths [B]; received ${[x, transitions, start, end, lengths].map(showType).join(', ')}`,
    });
};
export const parametersOf = ({ x }: Readonly<Record<'x', TensorType>>): readonly number[] => x.shape;
export const full = ({ dtype, shape }: TensorType): TensorType => ({ dtype: isHalf(dtype) ? 'float32' : dtype, shape });

/** Step by step, from the scores of one tag to those of the next; `join` is log Σ exp over the tags before. */
export function walk(
  { x, transitions, start }: Pick<ScoreOperands<Dense>, 'x' | 'transitions' | 'start'>,
  b: number,
  length: number,
  join: (scores: Float64Array, t: number, tag: number) => number,
): readonly Float64Array[] {
  const [, time, tags] = x.shape;
  const reached: Float64Array[] = [];
  for (let t = 0; t < length; t++)
    reached.push(
      Float64Array.from({ length: tags }, (_, j) => {
        const before = reached[t - 1]?.map((score, i) => score + transitions.data[i * tags + j]);
        return x.data[(b * time + t) * tags + j] + (before === undefined ? start.data[j] : join(before, t, j));
      }),
    );
  return reached;
}

/** The length and the tags of a sequence; undefined where they are out of range. */
function tagsOf({ x, tags, lengths }: Pick<Operands<Dense>, 'x' | 'tags' | 'lengths'>, b: number) {
  const [, time, count] = x.shape;
  const length = lengths.data[b];
  if (length < 0 || length > time) return undefined;
  const own = tags.data.subarray(b * time, b * time + length);
  return own.some((tag) => tag < 0 || tag >= count) ? undefined : own;
}

function lossOf(the: Operands<Dense>, b: number): number {
  const own = tagsOf(the, b);
  if (own === undefined) return Number.NaN;
  if (own.length === 0) return 0;
  const { x, transitions, start, end } = the;
  const [, time, count] = x.shape;
  const last = walk(the, b, own.length, logSumOf)[own.length - 1];
  let score = start.data[own[0]] + end.data[own[own.length - 1]];
  own.forEach((tag, t) => {
    score += x.data[(b * time + t) * count + tag] + (t === 0 ? 0 : transitions.data[own[t - 1] * count + tag]);
  });
  return logSumOf(last.map((value, j) => value + end.data[j])) - score;
}

/**
 * A linear-chain conditional random field: −log of the probability of the tags among all sequences of tags, where a
 * sequence scores start[y₁] + Σ x[t, yₜ] + Σ transitions[yₜ₋₁, yₜ] + end[y_last].
 *   x: [B, T, K], transitions: [K, K] from → to, start, end: [K], tags: int32 [B, T], lengths: int32 [B] → losses: [B] float32.
 * What lies beyond a length is masked. Length 0 costs 0; a length or tag out of range gives NaN and no gradient.
 * Errors: SHAPE_MISMATCH. Source: Lafferty, McCallum and Pereira 2001, 'Conditional random fields'.
 */
export const crfOp = defineOp({
  name: 'crf',
  inputs: [...scoreInputs, 'tags'],
  outputs: ['losses'],
  mixed: crfMixed,
  infer: (types) => {
    checkScores('crf', types);
    if (types.tags.shape.length !== 2 || types.tags.shape.some((size, axis) => size !== types.x.shape[axis]))
      throw new OctavoError('SHAPE_MISMATCH', { what: `[crf] tags [B, T]; received ${showType(types.tags)}` });
    return { losses: full({ dtype: types.x.dtype, shape: [types.x.shape[0]] }) };
  },
  gradient: ({ inputs, d }) => {
    if (d.losses === undefined) return {};
    const found = record(inputs.x.trace, crfGradientOp, { ...inputs, dlosses: d.losses }, {});
    return { x: found.dx, transitions: found.dtransitions, start: found.dstart, end: found.dend };
  },
  reference: (the) => ({
    losses: {
      shape: [the.x.shape[0]],
      data: Float64Array.from({ length: the.x.shape[0] }, (_, b) => lossOf(the, b)),
    },
  }),
  parameters: parametersOf,
});

/** Probabilities of tags and of pairs of tags, less those that are there, times dlosses. */
export const crfGradientOp = defineOp({
  name: 'crfGradient',
  inputs: [...scoreInputs, 'tags', 'dlosses'],
  outputs: ['dx', 'dtransitions', 'dstart', 'dend'],
  mixed: crfMixed,
  infer: ({ x, transitions, start, end }) => ({ dx: x, dtransitions: transitions, dstart: start, dend: end }),
  reference: ({ dlosses, ...the }) => {
    const { x, transitions, start, end } = the;
    const [batch, time, count] = x.shape;
    const zeros = ({ shape, data }: Dense): Dense => ({ shape, data: new Float64Array(data.length) });
    const [dx, dtransitions, dstart, dend] = [x, transitions, start, end].map(zeros);
    for (let b = 0; b < batch; b++) {
      const own = tagsOf(the, b);
      if (own === undefined || own.length === 0) continue;
      const d = dlosses.data[b];
      const [from, length] = [walk(the, b, own.length, logSumOf), own.length];
      // to[t][i]: log Σ over all that follows tag i at time t.
      const to: Float64Array[] = [];
      for (let t = length - 1; t >= 0; t--)
        to[t] = Float64Array.from({ length: count }, (_, i) =>
          t === length - 1
            ? end.data[i]
            : logSumOf(
                Float64Array.from(
                  { length: count },
                  (__, j) => transitions.data[i * count + j] + x.data[(b * time + t + 1) * count + j] + to[t + 1][j],
                ),
              ),
        );
      const all = logSumOf(from[length - 1].map((value, j) => value + end.data[j]));
      own.forEach((tag, t) => {
        for (let j = 0; j < count; j++) {
          const node = d * (Math.exp(from[t][j] + to[t][j] - all) - (j === tag ? 1 : 0));
          dx.data[(b * time + t) * count + j] = node;
          if (t === 0) dstart.data[j] += node;
          if (t === length - 1) dend.data[j] += node;
          for (let i = 0; t > 0 && i < count; i++) {
            const here = x.data[(b * time + t) * count + j] + to[t][j];
            const pair = Math.exp(from[t - 1][i] + transitions.data[i * count + j] + here - all);
            dtransitions.data[i * count + j] += d * (pair - (i === own[t - 1] && j === tag ? 1 : 0));
          }
        }
      });
    }
    return { dx, dtransitions, dstart, dend };
  },
  parameters: parametersOf,
});

export const crf = (the: Operands<Tensor>): Tensor => record(the.x.trace, crfOp, the, {}).losses;
