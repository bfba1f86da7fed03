import { OctavoError } from '../error.js';
import { sameShape, showType, type TensorType } from '../types.js';
import type { Dense, Named } from './define.js';

// B batch, T queries, S keys (T where there is no memory), H query heads, G key and value heads (H a multiple of G), W head width
export type HeadAttributes = {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
  readonly scale: number;
};

export type AttentionAttributes = HeadAttributes & {
  readonly causal: boolean;
  /** 0 where the window is open. */
  readonly window: number;
};

export const channelsOf = ({ heads, keyValueHeads, headWidth }: HeadAttributes): number =>
  (heads + 2 * keyValueHeads) * headWidth;

/** What the forward and the backward pass are given. */
export type AttentionOperands<T> = Named<'qkv', 'memory' | 'starts' | 'ends' | 'bias', T>;

const refuse = (what: string): never => {
  throw new OctavoError('SHAPE_MISMATCH', { what: `[attention] ${what}` });
};

/** [B, T, S] of operands that fit; throws SHAPE_MISMATCH otherwise. */
export function checkAttention(
  { qkv, memory, starts, ends, bias }: AttentionOperands<TensorType>,
  the: AttentionAttributes,
): readonly [number, number, number] {
  const [batch, time, channels] = qkv.shape;
  const { heads, keyValueHeads, headWidth, window } = the;
  const wanted = memory === undefined ? channelsOf(the) : heads * headWidth;
  if (qkv.shape.length !== 3 || channels !== wanted) refuse(`qkv [B, T, ${wanted}]; received ${showType(qkv)}`);
  if (!(heads % keyValueHeads === 0)) refuse(`heads in equal groups; received ${heads} over ${keyValueHeads}`);
  if (!(Number.isInteger(window) && window >= 0)) refuse(`a window of whole keys; received ${window}`);
  const keys = memory === undefined ? time : memory.shape[1];
  const packed = [batch, keys, 2 * keyValueHeads * headWidth];
  if (memory !== undefined && !(sameShape(memory.shape, packed) && memory.dtype === qkv.dtype))
    refuse(`memory ${qkv.dtype}[${packed.join(', ')}]; received ${showType(memory)}`);
  for (const bound of [starts, ends])
    if (bound !== undefined && !sameShape(bound.shape, [batch]) && !sameShape(bound.shape, [batch, time]))
      refuse(`starts and ends [${batch}] or [${batch}, ${time}]; received ${showType(bound)}`);
  const distances = Math.max(0, keys + time - 1);
  if (bias !== undefined && !sameShape(bias.shape, [distances, heads]))
    refuse(`bias [${distances}, ${heads}]; received ${showType(bias)}`);
  return [batch, time, keys];
}

/** What the kernels cannot see: sizes, and whether starts and ends are one a query or one a sequence. */
export function attentionParameters(types: AttentionOperands<TensorType>, the: AttentionAttributes): readonly number[] {
  const [batch, time, keys] = checkAttention(types, the);
  const perQuery = (bound: TensorType | undefined): number => (bound?.shape.length === 2 ? 1 : 0);
  const { heads, keyValueHeads, headWidth, scale, causal, window } = the;
  const sizes = [batch, time, heads, keyValueHeads, headWidth, scale, keys];
  return [...sizes, causal ? 1 : 0, window, perQuery(types.starts), perQuery(types.ends)];
}

/** Where the head of a query, and the group that it reads, begin in the data of their tensors. */
export interface AttentionRow {
  readonly source: Float64Array;
  /** Of query, and of its row in y. */
  readonly q: number;
  readonly y: number;
  /** Into logSum. */
  readonly row: number;
  /** Of the open keys in turn: where key and value begin in `source`, the weight, and the index into bias. */
  readonly open: readonly {
    readonly key: number;
    readonly k: number;
    readonly v: number;
    readonly weight: number;
    readonly bias: number;
  }[];
  readonly logSum: number;
}

/** Calls `visit` for each (batch, head, query) with its softmax over the keys that it may see. */
export function eachQuery(
  { qkv, memory, starts, ends, bias }: AttentionOperands<Dense>,
  { heads, keyValueHeads, headWidth, scale, causal, window }: AttentionAttributes,
  visit: (row: AttentionRow) => void,
): void {
  const [batches, time, channels] = qkv.shape;
  const source = memory ?? qkv;
  const [, keys, stride] = source.shape;
  const firstKey = memory === undefined ? heads * headWidth : 0;
  for (let batch = 0; batch < batches; batch++)
    for (let head = 0; head < heads; head++)
      for (let query = 0; query < time; query++) {
        const position = query + keys - time;
        const bound = (of: Dense | undefined, otherwise: number): number =>
          of === undefined ? otherwise : of.data[of.shape.length === 1 ? batch : batch * time + query];
        const first = Math.max(0, bound(starts, 0), window > 0 ? position - window + 1 : 0);
        const reach = causal ? 1 : window > 0 ? window : Number.POSITIVE_INFINITY;
        const end = Math.min(keys, bound(ends, keys), position + reach);
        const q = (batch * time + query) * channels + head * headWidth;
        const group = Math.floor((head * keyValueHeads) / heads) * headWidth;
        const open = Array.from({ length: Math.max(0, end - first) }, (_, i) => {
          const key = first + i;
          const k = (batch * keys + key) * stride + firstKey + group;
          let dot = 0;
          for (let c = 0; c < headWidth; c++) dot += qkv.data[q + c] * source.data[k + c];
          const at = (key - position + keys - 1) * heads + head;
          return { key, k, v: k + keyValueHeads * headWidth, bias: at, score: dot * scale + (bias?.data[at] ?? 0) };
        });
        const highest = Math.max(...open.map(({ score }) => score));
        const total = open.reduce((sum, { score }) => sum + Math.exp(score - highest), 0);
        visit({
          source: source.data,
          q,
          y: ((batch * time + query) * heads + head) * headWidth,
          row: (batch * heads + head) * time + query,
          open: open.map(({ score, ...rest }) => ({ ...rest, weight: Math.exp(score - highest) / total })),
          logSum: open.length === 0 ? Number.NEGATIVE_INFINITY : highest + Math.log(total),
        });
      }
}
