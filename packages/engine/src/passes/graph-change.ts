import type { Graph, GraphNode } from '../trace/graph.js';

/** What a pass did to a graph. A node is the same where kind, operands, attributes and results are; else it is new. */
export interface GraphChange {
  readonly gone: readonly GraphNode[];
  readonly made: readonly GraphNode[];
  /** Nodes by kind, before and after, where their number changed. */
  readonly kinds: Readonly<Record<string, { readonly before: number; readonly after: number }>>;
}

const keyOf = (graph: Graph, { kind, inputs, outputs, attributes }: GraphNode): string =>
  JSON.stringify([kind, inputs, outputs, attributes, outputs.map((id) => graph.types[id].dtype)]);

const countKinds = (graph: Graph): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { kind } of graph.nodes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
};

/** Compares two stages of one graph. */
export function graphChange(before: Graph, after: Graph): GraphChange {
  const old = new Set(before.nodes.map((node) => keyOf(before, node)));
  const now = new Set(after.nodes.map((node) => keyOf(after, node)));
  const [first, second] = [countKinds(before), countKinds(after)];
  const kinds = [...new Set([...first.keys(), ...second.keys()])].toSorted();
  return {
    gone: before.nodes.filter((node) => !now.has(keyOf(before, node))),
    made: after.nodes.filter((node) => !old.has(keyOf(after, node))),
    kinds: Object.fromEntries(
      kinds.flatMap((kind) => {
        const counts = { before: first.get(kind) ?? 0, after: second.get(kind) ?? 0 };
        return counts.before === counts.after ? [] : [[kind, counts]];
      }),
    ),
  };
}
