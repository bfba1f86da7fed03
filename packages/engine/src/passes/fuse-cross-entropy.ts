import { crossEntropyTrainingOp } from '../ops/cross-entropy.js';
import type { Graph, GraphNode } from '../trace/graph.js';
import { usesOf } from './rewrite.js';

/** Joins a cross-entropy with its gradient, so that each block of logits is computed once. */
export function fuseCrossEntropy(graph: Graph): Graph {
  const { readers } = usesOf(graph);
  const nodes: (GraphNode | undefined)[] = [...graph.nodes];
  graph.nodes.forEach((gradient, position) => {
    if (gradient.kind !== 'crossEntropyGradient') return;
    const [x, weight, targets, weights, , bias] = gradient.inputs;
    const at = graph.nodes.findIndex(
      (node) =>
        node.kind === 'crossEntropy' &&
        node.attributes['smoothing'] === gradient.attributes['smoothing'] &&
        [x, weight, targets, weights, bias].every((id, i) => node.inputs[i] === id),
    );
    const forward = graph.nodes[at];
    if (
      forward === undefined ||
      forward.outputs.some((id) => (readers.get(id) ?? []).some((reader) => reader < position))
    )
      return;
    nodes[at] = undefined;
    nodes[position] = {
      ...gradient,
      kind: crossEntropyTrainingOp.name,
      outputs: [...forward.outputs, ...gradient.outputs],
      path: forward.path,
    };
  });
  return { ...graph, nodes: nodes.filter((node) => node !== undefined) };
}
