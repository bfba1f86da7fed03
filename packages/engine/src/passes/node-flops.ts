import type { Graph, GraphNode } from '../trace/graph.js';
import { sizeOf } from '../types.js';

/**
 * Floating-point operations of a node, for comparing costs: 2·m·n·k of a product (a recurrence: of all its steps),
 * 2·T·width of each query of causal attention (both products, half of the keys), one a step and element of a fused chain,
 * four an element of anything else.
 */
export function nodeFlops(graph: Graph, node: GraphNode): number {
  const shapeOf = (id: number): readonly number[] => (id < 0 ? [] : graph.types[id].shape);
  const elements = sizeOf(graph.types[node.outputs[0]]);
  const first = shapeOf(node.inputs[0] ?? -1);
  switch (node.kind) {
    case 'linear':
    case 'lstm':
    case 'gru':
      return 2 * elements * (first.at(-1) ?? 1);
    case 'matmul':
      return 2 * elements * (node.attributes['transposeA'] === true ? (first.at(-2) ?? 1) : (first.at(-1) ?? 1));
    case 'attention':
      return 2 * elements * (first.at(-2) ?? 1);
    case 'fused':
      return elements * String(node.attributes['program']).split(';').length;
    default:
      return 4 * elements;
  }
}
