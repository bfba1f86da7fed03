import type { Graph, GraphNode } from '../trace/graph.js';
import { attentionOp } from './attention.js';
import { type AttentionOperands, eachQuery } from './attention-definition.js';
import type { Dense } from './define.js';

/** Where queries look: `weights` is [B, H, T, S]; a row sums to 1, or to 0 where it sees no key. */
export interface AttentionWeights {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly weights: Float32Array;
}

/** The operands of an attention node that it really has. */
export const attentionOperands = (node: GraphNode): readonly string[] =>
  attentionOp.inputNames.filter((_, i) => node.inputs[i] >= 0);

/** The weights of an attention node, which its kernel keeps none of, from what it read: by its definition, in double precision. */
export function attentionWeights(
  { types }: Graph,
  node: GraphNode,
  read: (operand: string) => ArrayLike<number>,
): AttentionWeights {
  const dense = (name: (typeof attentionOp.inputNames)[number]): Dense => ({
    shape: types[node.inputs[attentionOp.inputNames.indexOf(name)]].shape,
    data: Float64Array.from(read(name)),
  });
  const [qkv, own] = [dense('qkv'), attentionOperands(node)];
  const operands: AttentionOperands<Dense> = {
    qkv,
    ...(own.includes('memory') ? { memory: dense('memory') } : {}),
    ...(own.includes('starts') ? { starts: dense('starts') } : {}),
    ...(own.includes('ends') ? { ends: dense('ends') } : {}),
    ...(own.includes('bias') ? { bias: dense('bias') } : {}),
  };
  const [batch, queries] = qkv.shape;
  const keys = operands.memory?.shape[1] ?? queries;
  const { heads, keyValueHeads, headWidth, scale, window, causal } = node.attributes;
  const the = {
    heads: Number(heads),
    keyValueHeads: Number(keyValueHeads),
    headWidth: Number(headWidth),
    scale: Number(scale),
    window: Number(window),
    causal: causal === true,
  };
  const weights = new Float32Array(batch * the.heads * queries * keys);
  eachQuery(operands, the, ({ row, open }) => {
    for (const { key, weight } of open) weights[row * keys + key] = weight;
  });
  return { batch, heads: the.heads, queries, keys, weights };
}
