import { record, type Tensor } from '../trace/trace.js';
import type { DType } from '../types.js';
import {
  type AttentionAttributes,
  type AttentionOperands,
  attentionParameters,
  checkAttention,
  eachQuery,
  type HeadAttributes,
} from './attention-definition.js';
import { attentionGradientOp } from './attention-gradient.js';
import { defineOp } from './define.js';

// B batch, T queries, S keys (T where there is no memory), H query heads, G key and value heads (H a multiple of G), W head width
/**
 * Softmax attention: y = softmax(scale · QKᵀ + bias) V over the keys that are open to each query.
 *   qkv: [B, T, (H + 2G)·W], channels packed as [queries | keys | values]; with memory only the queries, [B, T, H·W].
 *   memory: [B, S, 2G·W], keys and values of another sequence (cross attention).
 *   starts, ends: int32 [B] or [B, T]; a key is open at starts ≤ key < ends (padding, packed documents).
 *   bias: float32 [S + T − 1, H]; row i is added where key − position = i − (S − 1) (see `relativeBias`, `alibi`).
 *   → y: [B, T, H·W], logSum: [B, H, T] float32, log Σ exp of the scores.
 * Query t has the position t + S − T. `causal` closes the keys after it; `window` N leaves the keys nearer than N. A query
 * that sees no key gives 0, and −∞ in logSum. A NaN of one key or value may reach queries multiplied together with one that
 * sees it.
 * The kernel walks blocks of queries over open keys; no T×S matrix is kept.
 * Sources: Vaswani et al. 2017; Dao et al. 2022, arXiv 2205.14135; Beltagy et al. 2020, arXiv 2004.05150 (window).
 */
export const attentionOp = defineOp({
  name: 'attention',
  inputs: ['qkv'],
  optional: ['memory', 'starts', 'ends', 'bias'],
  outputs: ['y', 'logSum'],
  mixed: { half: ['qkv', 'memory'], full: ['bias'] },
  infer: (operands, attributes: AttentionAttributes) => {
    const [batch, time] = checkAttention(operands, attributes);
    const { dtype } = operands.qkv;
    const sums: DType = dtype === 'float64' ? 'float64' : 'float32';
    return {
      y: { dtype, shape: [batch, time, attributes.heads * attributes.headWidth] },
      logSum: { dtype: sums, shape: [batch, attributes.heads, time] },
    };
  },
  gradient: ({ inputs, outputs: { y, logSum }, d, attributes }) => {
    if (d.y === undefined) return {};
    const operands = { ...inputs, y, logSum, dy: d.y };
    const { dqkv, dmemory, dbias } = record(inputs.qkv.trace, attentionGradientOp, operands, attributes);
    return { qkv: dqkv, memory: dmemory, bias: dbias };
  },
  reference: (operands, the) => {
    const [batches, time] = operands.qkv.shape;
    const { heads, headWidth } = the;
    const y = new Float64Array(batches * time * heads * headWidth);
    const logSums = new Float64Array(batches * heads * time);
    eachQuery(operands, the, ({ source, y: out, row, open, logSum }) => {
      logSums[row] = logSum;
      for (const { v, weight } of open) for (let i = 0; i < headWidth; i++) y[out + i] += weight * source[v + i];
    });
    return {
      y: { shape: [batches, time, heads * headWidth], data: y },
      logSum: { shape: [batches, heads, time], data: logSums },
    };
  },
  parameters: attentionParameters,
});

/** How attention is done, where it differs from a GPT's: causal, over an open window, scores scaled by 1/√W. */
export interface AttentionChoices extends Omit<HeadAttributes, 'scale'> {
  readonly causal?: boolean;
  readonly window?: number;
  readonly scale?: number;
}

type Given<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Attention over the operands of `attentionOp` → y: [B, T, H·W]. */
export function attention(
  { qkv, memory, starts, ends, bias }: Given<AttentionOperands<Tensor>> & { readonly qkv: Tensor },
  { causal = true, window = 0, scale, ...heads }: AttentionChoices,
): Tensor {
  const operands = {
    qkv,
    ...(memory === undefined ? {} : { memory }),
    ...(starts === undefined ? {} : { starts }),
    ...(ends === undefined ? {} : { ends }),
    ...(bias === undefined ? {} : { bias }),
  };
  const attributes = { ...heads, scale: scale ?? 1 / Math.sqrt(heads.headWidth), causal, window };
  return record(qkv.trace, attentionOp, operands, attributes).y;
}
