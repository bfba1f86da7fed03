import { writtenOver } from '../ops/in-place.js';
import type { Graph, GraphNode, ValueId } from '../trace/graph.js';

/** Computes equal nodes once. Ops that write in place are never merged. */
export function commonSubexpressions(graph: Graph): Graph {
  const seen = new Map<string, GraphNode>();
  const replaced = new Map<ValueId, ValueId>();
  const now = (id: ValueId): ValueId => replaced.get(id) ?? id;
  const nodes: GraphNode[] = [];
  for (const original of graph.nodes) {
    const node = { ...original, inputs: original.inputs.map(now) };
    const key = JSON.stringify([node.kind, node.inputs, node.attributes]);
    const first = seen.get(key);
    if (first !== undefined && writtenOver(node).size === 0) {
      node.outputs.forEach((id, i) => {
        replaced.set(id, first.outputs[i]);
      });
      continue;
    }
    seen.set(key, node);
    nodes.push(node);
  }
  return {
    ...graph,
    nodes,
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: now(value) })),
    updates: graph.updates.map(({ input, value }) => ({ input, value: now(value) })),
  };
}
