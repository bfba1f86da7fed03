import { record, type Tensor } from '../trace/trace.js';
import { checkScores, crfMixed, full, parametersOf, scoreInputs, walk } from './crf.js';
import { defineOp } from './define.js';

type Operands<T> = Readonly<Record<(typeof scoreInputs)[number], T>>;

/**
 * The best sequence of tags of a linear-chain conditional random field, and its score (see `crf`).
 *   x: [B, T, K], transitions: [K, K], start, end: [K], lengths: int32 [B] → tags: int32 [B, T], scores: [B] float32.
 * Of equal scores the lower tag wins, from the end on. Beyond a length tags are −1, as they all are, with a score of NaN,
 * where it is out of range. Source: Viterbi 1967; Lafferty et al. 2001.
 */
export const crfDecodeOp = defineOp({
  name: 'crfDecode',
  inputs: scoreInputs,
  outputs: ['tags', 'scores'],
  mixed: crfMixed,
  infer: (types) => {
    checkScores('crfDecode', types);
    const [batch, time] = types.x.shape;
    return {
      tags: { dtype: 'int32', shape: [batch, time] } as const,
      scores: full({ dtype: types.x.dtype, shape: [batch] }),
    };
  },
  reference: (the) => {
    const [batch, time] = the.x.shape;
    const tags = new Float64Array(batch * time).fill(-1);
    const scores = new Float64Array(batch).fill(Number.NaN);
    for (let b = 0; b < batch; b++) {
      const length = the.lengths.data[b];
      if (length < 0 || length > time) continue;
      scores[b] = 0;
      if (length === 0) continue;
      const from: number[][] = [];
      const highest = (values: Float64Array): number =>
        values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
      const reached = walk(the, b, length, (before, t, tag) => {
        from[t] ??= [];
        from[t][tag] = highest(before);
        return before[from[t][tag]];
      });
      const last = reached[length - 1].map((value, j) => value + the.end.data[j]);
      let tag = highest(last);
      scores[b] = last[tag];
      for (let t = length - 1; t >= 0; t--) {
        tags[b * time + t] = tag;
        tag = from[t]?.[tag] ?? 0;
      }
    }
    return { tags: { shape: [batch, time], data: tags }, scores: { shape: [batch], data: scores } };
  },
  parameters: parametersOf,
});

export const crfDecode = (the: Operands<Tensor>): Readonly<Record<'tags' | 'scores', Tensor>> =>
  record(the.x.trace, crfDecodeOp, the, {});
