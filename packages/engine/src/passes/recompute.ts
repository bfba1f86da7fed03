import { writtenOver } from '../ops/in-place.js';
import type { Plan } from '../plan/plan.js';
import type { Graph, GraphNode, ValueId } from '../trace/graph.js';
import { byteLengthOf, type TensorType } from '../types.js';
import { deadCode } from './dead-code.js';
import { nodeFlops } from './node-flops.js';
import { usesOf } from './rewrite.js';

/** What a limit on memory cost. */
export interface Recomputation {
  /** Nodes that run a second time. */
  readonly nodes: number;
  /** Operations that they add to a run. */
  readonly flops: number;
  /** Scopes that are recomputed as a whole: `blocks.0`. */
  readonly scopes: readonly string[];
  /** Arena without recomputation. */
  readonly arenaBytesBefore: number;
}

/** Ops whose results cost about what reading their operands costs. */
const cheap = new Set([
  'fused',
  'cast',
  'rmsNorm',
  'layerNorm',
  'headNorm',
  'rotary',
  'rotaryAngles',
  'dropout',
  'reshape',
]);

/** Where the backward pass begins. */
const turnOf = ({ nodes }: Graph): number => {
  const found = nodes.findIndex(({ path }) => path === 'gradient' || path.startsWith('gradient.'));
  return found < 0 ? nodes.length : found;
};

/** The scope that is recomputed as a whole: up to its first number, else its first name. */
const scopeOf = (path: string): string => /^.*?\.\d+(?=\.|$)/.exec(path)?.[0] ?? path.split('.')[0];

/** Nodes of the forward pass that may run again. `scope` is absent for one cheap node. */
interface Candidate {
  readonly positions: readonly number[];
  readonly scope?: string;
}

/**
 * What may be recomputed, cheapest first: single cheap nodes, in order, where the results that are kept for the backward
 * pass are larger than the operands that must be kept instead; then whole scopes, but for what they hand to others.
 */
function candidatesOf(graph: Graph, turn: number): readonly Candidate[] {
  const { readers, maker } = usesOf(graph);
  const bytes = (id: ValueId): number => byteLengthOf(graph.types[id]);
  const kept = new Set(graph.nodes.slice(turn).flatMap(({ inputs }) => inputs));
  const again = new Set<number>();
  const single: Candidate[] = [];
  graph.nodes.slice(0, turn).forEach((node, position) => {
    if (!cheap.has(node.kind)) return;
    const spared = node.outputs.filter((id) => kept.has(id));
    const instead = node.inputs.filter((id) => {
      const from = maker.get(id);
      return from !== undefined && !kept.has(id) && !again.has(from);
    });
    const gain = spared.reduce((a, id) => a + bytes(id), 0) - instead.reduce((a, id) => a + bytes(id), 0);
    if (gain <= 0) return;
    for (const id of spared) kept.delete(id);
    for (const id of instead) kept.add(id);
    again.add(position);
    single.push({ positions: [position] });
  });
  const scopes = new Map<string, number[]>();
  graph.nodes.slice(0, turn).forEach((node, position) => {
    const scope = scopeOf(node.path);
    if (scope === '' || writtenOver(node).size > 0) return;
    const handsOn = node.outputs.some((id) =>
      (readers.get(id) ?? []).some((reader) => reader < turn && scopeOf(graph.nodes[reader].path) !== scope),
    );
    if (!handsOn) scopes.set(scope, [...(scopes.get(scope) ?? []), position]);
  });
  return [...single, ...[...scopes].map(([scope, positions]) => ({ scope, positions }))];
}

/** The graph with each chosen node run again before its first reader in the backward pass; every later reader reads that. */
function runAgain(
  graph: Graph,
  turn: number,
  chosen: ReadonlySet<number>,
): { readonly graph: Graph; readonly copies: readonly GraphNode[] } {
  const { maker } = usesOf(graph);
  const types: TensorType[] = [...graph.types];
  const nodes: GraphNode[] = graph.nodes.slice(0, turn);
  const copies: GraphNode[] = [];
  const renamed = new Map<ValueId, ValueId>();
  /** Values that an op in place has written over: what reads them cannot run again. */
  const overwritten = new Set<ValueId>();
  const readable = (position: number): boolean =>
    graph.nodes[position].inputs.every((id) => {
      const from = maker.get(id);
      return !overwritten.has(id) && (from === undefined || !chosen.has(from) || renamed.has(id) || readable(from));
    });
  const again = (id: ValueId): ValueId => {
    const known = renamed.get(id);
    const position = maker.get(id);
    if (known !== undefined) return known;
    if (position === undefined || !chosen.has(position) || !readable(position)) return id;
    const node = graph.nodes[position];
    const inputs = node.inputs.map(again);
    const outputs = node.outputs.map((output) => {
      types.push(graph.types[output]);
      renamed.set(output, types.length - 1);
      return types.length - 1;
    });
    const copy = { ...node, inputs, outputs, path: `recompute.${node.path}` };
    nodes.push(copy);
    copies.push(copy);
    return renamed.get(id) ?? id;
  };
  for (const node of graph.nodes.slice(turn)) {
    nodes.push({ ...node, inputs: node.inputs.map(again) });
    for (const id of writtenOver(node).values()) overwritten.add(id);
  }
  return { graph: deadCode({ ...graph, types, nodes }), copies };
}

/**
 * Makes a plan fit into `arenaBytes` by running parts of the forward pass again in the backward pass instead of keeping
 * their results: as few candidates as it takes. The same kernels see the same operands, so results keep their bits.
 * Gives the graph, or the smallest arena it found where none fits. Source: Chen et al. 2016, arXiv 1604.06174.
 */
export function recompute(
  graph: Graph,
  arenaBytes: number,
  plan: (graph: Graph) => Plan,
): { readonly plan: Plan; readonly recomputation?: Recomputation; readonly fits: boolean } {
  const before = plan(graph);
  if (before.arenaBytes <= arenaBytes) return { plan: before, fits: true };
  const turn = turnOf(graph);
  const candidates = candidatesOf(graph, turn);
  const attempt = (count: number) => {
    const used = candidates.slice(0, count);
    const made = runAgain(graph, turn, new Set(used.flatMap(({ positions }) => positions)));
    const scopes = used.flatMap(({ scope }) => (scope === undefined ? [] : [scope]));
    const flops = made.copies.reduce((total, node) => total + nodeFlops(made.graph, node), 0);
    const recomputation = { nodes: made.copies.length, flops, scopes, arenaBytesBefore: before.arenaBytes };
    return { plan: plan(made.graph), recomputation };
  };
  let best = attempt(candidates.length);
  if (best.plan.arenaBytes > arenaBytes) {
    // More is not always less: what a scope computes again is alive at once. So with fewer scopes, none at the least.
    const single = candidates.filter(({ scope }) => scope === undefined).length;
    for (let count = candidates.length - 1; count >= single; count--) {
      const made = attempt(count);
      if (made.plan.arenaBytes < best.plan.arenaBytes) best = made;
    }
    return { ...best, fits: best.plan.arenaBytes <= arenaBytes };
  }
  let [low, high] = [0, candidates.length];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const made = attempt(middle);
    if (made.plan.arenaBytes <= arenaBytes) [high, best] = [middle, made];
    else low = middle;
  }
  return { ...best, fits: true };
}
