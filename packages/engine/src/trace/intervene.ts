import { OctavoError } from '../error.js';
import { sameShape, showType } from '../types.js';
import type { Graph, GraphNode, ValueId } from './graph.js';
import { valueNamed } from './named-values.js';
import { isTensor, scoped, type Tensor, type Trace, tensorOf } from './trace.js';

/** A graph opened again: what is recorded on the trace comes after its first `count` nodes. */
const reopen = (graph: Graph, count = graph.nodes.length): Trace => ({
  types: [...graph.types],
  inputs: [...graph.inputs],
  nodes: graph.nodes.slice(0, count),
  scope: [],
});

const closed = (building: Trace, rest: Pick<Graph, 'outputs' | 'updates'>, after: readonly GraphNode[] = []): Graph =>
  Object.freeze({
    types: building.types,
    inputs: building.inputs,
    nodes: [...building.nodes, ...after],
    outputs: rest.outputs,
    updates: rest.updates,
  });

/**
 * Goes on where a trace ended: `body` reads values by name (see `valueNamed`) and what it gives becomes further outputs,
 * or replaces those of the same name. Errors: VALUE_ABSENT.
 */
export function extend(
  graph: Graph,
  body: (trace: Trace, at: (name: string) => Tensor) => Readonly<Record<string, Tensor>>,
): Graph {
  const building = reopen(graph);
  const made = body(building, (name) => tensorOf(building, valueNamed(graph, name)));
  const kept = graph.outputs.filter(({ name }) => !Object.hasOwn(made, name));
  const outputs = [...kept, ...Object.entries(made).map(([name, { id }]) => ({ name, value: id }))];
  return closed(building, { outputs, updates: graph.updates });
}

/** Taps values: each named one becomes an output under its name. Errors: VALUE_ABSENT. */
export const tap = (graph: Graph, names: readonly string[]): Graph =>
  extend(graph, (_, at) => Object.fromEntries(names.map((name) => [name, at(name)])));

/** Keeps these outputs and no other, and no update; what only the others needed is dropped when the graph is compiled. */
export const only = (graph: Graph, names: readonly string[]): Graph => ({
  ...graph,
  outputs: graph.outputs.filter(({ name }) => names.includes(name)),
  updates: [],
});

/**
 * Patches a value: all that reads it reads what `body` makes of it instead. Another input (activation patching), zeros
 * (ablation), the value plus a direction (steering): whatever ops can say. The type stays. Errors: VALUE_ABSENT,
 * SHAPE_MISMATCH. Source of the name: Meng et al. 2022, arXiv 2202.05262; Vig et al. 2020, arXiv 2004.12265.
 */
export function patch(graph: Graph, name: string, body: (value: Tensor, trace: Trace) => Tensor): Graph {
  const id = valueNamed(graph, name);
  const maker = graph.nodes.findIndex(({ outputs }) => outputs.includes(id));
  const building = reopen(graph, maker + 1);
  const path = graph.nodes[maker]?.path ?? '';
  const value = tensorOf(building, id);
  const made = scoped(building, path === '' ? 'patch' : `${path}.patch`, () => body(value, building));
  if (!isTensor(made) || made.trace !== building)
    throw new OctavoError('GRAPH_INVALID', { what: `the patch of ${name} gives a tensor of its own trace` });
  if (made.dtype !== value.dtype || !sameShape(made.shape, value.shape))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `a patch keeps the type; received ${showType(made)} for ${showType(value)}`,
      where: name,
    });
  const now = (read: ValueId): ValueId => (read === id ? made.id : read);
  const after = graph.nodes.slice(maker + 1).map((node) => ({ ...node, inputs: node.inputs.map(now) }));
  const outputs = graph.outputs.map((output) => ({ ...output, value: now(output.value) }));
  const updates = graph.updates.map((update) => ({ ...update, value: now(update.value) }));
  return closed(building, { outputs, updates }, after);
}
