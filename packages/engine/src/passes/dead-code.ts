import type { Graph } from '../trace/graph.js';

/** Drops nodes none of whose outputs reaches an output or an update. */
export function deadCode(graph: Graph): Graph {
  const alive = new Set([...graph.outputs, ...graph.updates].map(({ value }) => value));
  const kept = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((id) => alive.has(id))) return false;
    for (const id of node.inputs) alive.add(id);
    return true;
  });
  return { ...graph, nodes: kept.toReversed() };
}
