import type { Graph, GraphNode, ValueId } from '../trace/graph.js';

/** The graph with every read of a key of `replaced` turned into a read of its value. */
export function substitute(graph: Graph, replaced: ReadonlyMap<ValueId, ValueId>): Graph {
  if (replaced.size === 0) return graph;
  const now = (id: ValueId): ValueId => {
    let found = id;
    for (let next = replaced.get(found); next !== undefined; next = replaced.get(found)) found = next;
    return found;
  };
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.inputs.some((id) => replaced.has(id)) ? { ...node, inputs: node.inputs.map(now) } : node,
    ),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: now(value) })),
    updates: graph.updates.map(({ input, value }) => ({ input, value: now(value) })),
  };
}

/** How the values of a graph are used. */
export interface Uses {
  /** Nodes that read a value, by position, each once. */
  readonly readers: ReadonlyMap<ValueId, readonly number[]>;
  /** Position of the node that makes a value; absent for inputs. */
  readonly maker: ReadonlyMap<ValueId, number>;
  /** Values that leave the graph: outputs and updates. */
  readonly leaving: ReadonlySet<ValueId>;
}

export function usesOf(graph: Graph): Uses {
  const readers = new Map<ValueId, number[]>();
  const maker = new Map<ValueId, number>();
  graph.nodes.forEach((node, position) => {
    for (const id of node.outputs) maker.set(id, position);
    for (const id of new Set(node.inputs)) {
      if (id < 0) continue;
      const list = readers.get(id);
      if (list === undefined) readers.set(id, [position]);
      else list.push(position);
    }
  });
  return { readers, maker, leaving: new Set([...graph.outputs, ...graph.updates].map(({ value }) => value)) };
}

export const nodeAt = (graph: Graph, position: number | undefined): GraphNode | undefined =>
  position === undefined ? undefined : graph.nodes[position];
