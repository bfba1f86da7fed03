import { type AttentionWeights, attentionOperands, attentionWeights, type Graph, only, tap } from '@octavo/engine';
import { type Beside, checkPrompt, compiled, type InterpretedModel, logitsGraph, promptInputs } from './model.js';

// B batch, H query heads, T queries, S keys

/** Where each query looks, of one attention of a model: [B, H, T, S], rows sum to 1, what is masked is 0. */
export interface AttentionMap extends AttentionWeights {
  /** `blocks.0.attention`, `decoder.blocks.0.cross`. */
  readonly path: string;
}

/** One head's weights [T, S] of a row of a batch. */
export const headOf = ({ heads, queries, keys, weights }: AttentionMap, head: number, row = 0): Float32Array =>
  weights.subarray((row * heads + head) * queries * keys, (row * heads + head + 1) * queries * keys);

/** The attention maps of any traced function, in its order: of every attention that its graph holds. */
export async function attentionMapsOf(
  the: Pick<InterpretedModel, 'backend' | 'parameters'>,
  graph: Graph,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
): Promise<readonly AttentionMap[]> {
  const nodes = graph.nodes.filter(({ kind }) => kind === 'attention');
  const named = nodes.map((node) => {
    const at = nodes.filter(({ path }) => path === node.path).indexOf(node);
    return {
      node,
      operands: attentionOperands(node).map((name) => [name, `${node.path}/attention:${at}.${name}`] as const),
    };
  });
  const names = [...new Set(named.flatMap(({ operands }) => operands.map(([, name]) => name)))];
  const found = await compiled(the, only(tap(graph, names), names))(inputs);
  return named.map(({ node, operands }) => {
    const own = new Map(operands);
    return { path: node.path, ...attentionWeights(graph, node, (operand) => found(own.get(operand) ?? '')) };
  });
}

/** Attention maps of a prompt. Errors: PROMPT_TOO_LONG. */
export async function attentionMaps(
  model: InterpretedModel,
  ids: readonly number[],
  beside: Beside = {},
): Promise<readonly AttentionMap[]> {
  checkPrompt(model, ids);
  return attentionMapsOf(model, logitsGraph(model, ids, 1, beside), promptInputs(model, ids, 1, beside));
}
