import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { showType, type TensorType } from '../types.js';
import { type Dense, defineOp } from './define.js';

// B batch, T time, H query heads, G key and value heads (H a multiple of G), W head width
export type AttentionAttributes = {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
  readonly scale: number;
};

export const channelsOf = ({ heads, keyValueHeads, headWidth }: AttentionAttributes): number =>
  (heads + 2 * keyValueHeads) * headWidth;

function check(qkv: TensorType, attributes: AttentionAttributes): readonly [number, number] {
  const [batch, time, channels] = qkv.shape;
  if (
    qkv.shape.length !== 3 ||
    channels !== channelsOf(attributes) ||
    attributes.heads % attributes.keyValueHeads !== 0
  )
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[attention] qkv [B, T, ${channelsOf(attributes)}]; received ${showType(qkv)}`,
    });
  return [batch, time];
}

/** Calls `visit` with the weights of every (batch, head, query): the softmax over keys [first, query]. */
function eachQuery(
  qkv: Dense,
  starts: Dense | undefined,
  the: AttentionAttributes,
  visit: (at: {
    batch: number;
    head: number;
    query: number;
    first: number;
    weights: readonly number[];
    logSum: number;
  }) => void,
): void {
  const [batches, time, channels] = qkv.shape;
  const { heads, keyValueHeads, headWidth, scale } = the;
  for (let batch = 0; batch < batches; batch++)
    for (let head = 0; head < heads; head++)
      for (let query = 0; query < time; query++) {
        const first = starts === undefined ? 0 : Math.min(Math.max(starts.data[batch * time + query], 0), query);
        const q = (batch * time + query) * channels + head * headWidth;
        const group = Math.floor((head * keyValueHeads) / heads);
        const scores: number[] = [];
        for (let key = first; key <= query; key++) {
          const k = (batch * time + key) * channels + (heads + group) * headWidth;
          let dot = 0;
          for (let i = 0; i < headWidth; i++) dot += qkv.data[q + i] * qkv.data[k + i];
          scores.push(dot * scale);
        }
        const highest = Math.max(...scores);
        const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
        visit({
          batch,
          head,
          query,
          first,
          weights: scores.map((score) => Math.exp(score - highest) / total),
          logSum: highest + Math.log(total),
        });
      }
}

/**
 * Causal softmax attention over queries, keys and values packed as [H·W | G·W | G·W] channels.
 * Query t sees keys starts[t] … t (0 … t without `starts`), so packed documents do not see each other; a start outside
 * [0, t] counts as the nearest inside. In the kernel a NaN of one key or value may reach all 64 queries of its block.
 *   qkv: [B, T, (H + 2G)·W], starts: int32 [B, T] → y: [B, T, H·W], logSum: [B, H, T] float32 (log Σ exp of the scores).
 * The kernel walks blocks of queries; no T×T matrix is kept. Source: Vaswani et al. 2017; Dao et al. 2022, arXiv 2205.14135.
 */
export const attentionOp = defineOp({
  name: 'attention',
  inputs: ['qkv'],
  optional: ['starts'],
  outputs: ['y', 'logSum'],
  mixed: { half: ['qkv'] },
  infer: ({ qkv }, attributes: AttentionAttributes) => {
    const [batch, time] = check(qkv, attributes);
    return {
      y: { dtype: qkv.dtype, shape: [batch, time, attributes.heads * attributes.headWidth] },
      logSum: {
        dtype: qkv.dtype === 'float64' ? 'float64' : 'float32',
        shape: [batch, attributes.heads, time],
      } satisfies TensorType,
    };
  },
  gradient: ({ inputs: { qkv, starts }, outputs: { y, logSum }, d, attributes }) => {
    if (d.y === undefined) return {};
    const operands = { qkv, y, logSum, dy: d.y };
    return {
      qkv: record(qkv.trace, attentionGradientOp, starts === undefined ? operands : { ...operands, starts }, attributes)
        .dqkv,
    };
  },
  reference: ({ qkv, starts }, the) => {
    const [batches, time, channels] = qkv.shape;
    const { heads, keyValueHeads, headWidth } = the;
    const y = new Float64Array(batches * time * heads * headWidth);
    const logSums = new Float64Array(batches * heads * time);
    eachQuery(qkv, starts, the, ({ batch, head, query, first, weights, logSum }) => {
      logSums[(batch * heads + head) * time + query] = logSum;
      const group = Math.floor((head * keyValueHeads) / heads);
      weights.forEach((weight, j) => {
        const v = (batch * time + first + j) * channels + (heads + keyValueHeads + group) * headWidth;
        for (let i = 0; i < headWidth; i++)
          y[((batch * time + query) * heads + head) * headWidth + i] += weight * qkv.data[v + i];
      });
    });
    return {
      y: { shape: [batches, time, heads * headWidth], data: y },
      logSum: { shape: [batches, heads, time], data: logSums },
    };
  },
  parameters: ({ qkv }, { heads, keyValueHeads, headWidth, scale }) => [
    qkv.shape[0],
    qkv.shape[1],
    heads,
    keyValueHeads,
    headWidth,
    scale,
  ],
});

/**
 * With P the weights and δ = Σ dy ⊙ y: dV = Pᵀ dy, dS = P ⊙ (dy Vᵀ − δ), dQ = scale · dS K, dK = scale · dSᵀ Q.
 * P is computed again from logSum. Shapes as in `attention`; dqkv like qkv.
 */
export const attentionGradientOp = defineOp({
  name: 'attentionGradient',
  inputs: ['qkv', 'y', 'logSum', 'dy'],
  optional: ['starts'],
  outputs: ['dqkv'],
  mixed: { half: ['qkv', 'y', 'dy'], full: ['logSum'] },
  infer: ({ qkv }, attributes: AttentionAttributes) => {
    check(qkv, attributes);
    return { dqkv: { dtype: qkv.dtype, shape: qkv.shape } };
  },
  reference: ({ qkv, y, dy, starts }, the) => {
    const [, time, channels] = qkv.shape;
    const { heads, keyValueHeads, headWidth, scale } = the;
    const d = new Float64Array(qkv.data.length);
    eachQuery(qkv, starts, the, ({ batch, head, query, first, weights }) => {
      const group = Math.floor((head * keyValueHeads) / heads);
      const out = ((batch * time + query) * heads + head) * headWidth;
      const q = (batch * time + query) * channels + head * headWidth;
      let delta = 0;
      for (let i = 0; i < headWidth; i++) delta += dy.data[out + i] * y.data[out + i];
      weights.forEach((weight, j) => {
        const k = (batch * time + first + j) * channels + (heads + group) * headWidth;
        const v = k + keyValueHeads * headWidth;
        let dot = 0;
        for (let i = 0; i < headWidth; i++) {
          dot += dy.data[out + i] * qkv.data[v + i];
          d[v + i] += weight * dy.data[out + i];
        }
        const ds = weight * (dot - delta) * scale;
        for (let i = 0; i < headWidth; i++) {
          d[q + i] += ds * qkv.data[k + i];
          d[k + i] += ds * qkv.data[q + i];
        }
      });
    });
    return { dqkv: { shape: qkv.shape, data: d } };
  },
  parameters: ({ qkv }, { heads, keyValueHeads, headWidth, scale }) => [
    qkv.shape[0],
    qkv.shape[1],
    heads,
    keyValueHeads,
    headWidth,
    scale,
  ],
});

/** qkv: [B, T, (H + 2G)·W], starts: int32 [B, T] or absent → [B, T, H·W]; scores are scaled by 1/√W. */
export const attention = (qkv: Tensor, starts: Tensor | undefined, the: Omit<AttentionAttributes, 'scale'>): Tensor =>
  record(qkv.trace, attentionOp, starts === undefined ? { qkv } : { qkv, starts }, {
    ...the,
    scale: 1 / Math.sqrt(the.headWidth),
  }).y;
