import type { Graph, ValueId } from '../trace/graph.js';

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
