import { writtenOver } from '../ops/in-place.js';
import { opOf } from '../ops/registry.js';
import type { Graph, GraphNode, ValueId } from '../trace/graph.js';
import { sameShape } from '../types.js';
import { usesOf } from './rewrite.js';

/** The result that an op adds to its operand `sum`, which it writes over; −1 for other ops. */
const summedOutput = ({ kind, outputs }: GraphNode): ValueId => {
  const op = opOf(kind);
  return outputs[op.outputs.findIndex((output) => op.inPlace?.[output] === 'sum')] ?? -1;
};
const sumIndex = ({ kind }: GraphNode): number => opOf(kind).inputNames.indexOf('sum');

/**
 * Turns `sum + product` into a product that is added to `sum` in place: gradients of a further micro-batch go straight
 * into what collects them, and those of a table that is read in two places into one. `sum` is a value that nobody else
 * reads: one made before the product, or an input that the result updates. Over several products `sum + (p + q)` becomes
 * `(sum + p) + q`; sums are rounded to float32 in another order, and in no other way.
 */
export function accumulate(graph: Graph): Graph {
  const { readers, leaving, ...uses } = usesOf(graph);
  const maker = new Map(uses.maker);
  const nodes: (GraphNode | undefined)[] = [...graph.nodes];
  const updated = new Map(graph.updates.map(({ input, value }) => [input, value]));
  const makerOf = (id: ValueId): { readonly position: number; readonly node: GraphNode } | undefined => {
    const position = maker.get(id) ?? -1;
    const node = nodes[position];
    return node === undefined ? undefined : { position, node };
  };
  const readOnce = (id: ValueId): boolean => readers.get(id)?.length === 1 && !leaving.has(id);

  /** Where the products stand, first to last, that make a value by adding to one another; empty for any other value. */
  const chainOf = (id: ValueId): readonly number[] => {
    const made = makerOf(id);
    if (made === undefined || !readOnce(id) || summedOutput(made.node) !== id) return [];
    const before = made.node.inputs[sumIndex(made.node)] ?? -1;
    if (before < 0) return [made.position];
    const chain = chainOf(before);
    return chain.length === 0 ? [] : [...chain, made.position];
  };
  const mayTake = (sum: ValueId, first: number, result: ValueId): boolean => {
    if (!readOnce(sum)) return false;
    const made = makerOf(sum);
    if (made === undefined) return updated.get(sum) === result;
    const own = made.node.kind !== 'reshape' && (writtenOver(made.node).size === 0 || summedOutput(made.node) === sum);
    return own && made.position < first;
  };
  /** Adds `product` to `sum` in place, as `result`; false where that cannot be. */
  const take = (product: ValueId, sum: ValueId, result: ValueId): boolean => {
    const chain = chainOf(product);
    const [first] = chain;
    const last = chain.at(-1);
    if (first === undefined || last === undefined || !mayTake(sum, first, result)) return false;
    const change = (position: number, by: (node: GraphNode) => Partial<GraphNode>): void => {
      const node = nodes[position];
      if (node !== undefined) nodes[position] = { ...node, ...by(node) };
    };
    change(first, (node) => ({
      inputs: opOf(node.kind).inputNames.map((_, i) => (i === sumIndex(node) ? sum : (node.inputs[i] ?? -1))),
    }));
    change(last, ({ outputs }) => ({ outputs: outputs.map((id) => (id === product ? result : id)) }));
    maker.set(result, last);
    return true;
  };

  graph.nodes.forEach(({ kind, inputs: [left, right], outputs: [result] }, position) => {
    if (kind !== 'add' || left === right || graph.types[result].dtype !== 'float32') return;
    const alike = [left, right].every((id) => {
      const { dtype, shape } = graph.types[id];
      return dtype === 'float32' && sameShape(shape, graph.types[result].shape);
    });
    if (alike && (take(right, left, result) || take(left, right, result))) nodes[position] = undefined;
  });
  return { ...graph, nodes: nodes.filter((node) => node !== undefined) };
}
