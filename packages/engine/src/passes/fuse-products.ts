import type { Graph, GraphNode, ValueId } from '../trace/graph.js';
import { isHalf, sameShape } from '../types.js';
import { usesOf } from './rewrite.js';

/** A value as a multiple of another. */
interface Scaled {
  readonly value: ValueId;
  readonly factor: number;
  /** The multiplication, which goes where the product takes the factor. */
  readonly by?: number;
}

/** Factors that the kernel takes: beyond, the order of rounding could overflow. */
const largestFactor = 2 ** 20;

/**
 * Turns `α (a · b) + β r` into one product with a scaled residual, as Newton–Schulz steps have it. Sums are in float32 until
 * the result is rounded once. A float32 sum without factors is left to `accumulate`, which spares its memory.
 */
export function fuseProducts(graph: Graph): Graph {
  const { readers, maker, leaving } = usesOf(graph);
  const nodes: (GraphNode | undefined)[] = [...graph.nodes];
  const readOnce = (id: ValueId): boolean => readers.get(id)?.length === 1 && !leaving.has(id);
  const makerOf = (id: ValueId): GraphNode | undefined => graph.nodes[maker.get(id) ?? -1];
  const numberOf = (id: ValueId): number | undefined => {
    const node = makerOf(id);
    return node?.kind === 'constant' && graph.types[id].shape.length === 0
      ? Number(node.attributes['value'])
      : undefined;
  };
  const scaled = (id: ValueId): Scaled => {
    const node = makerOf(id);
    if (node?.kind !== 'multiply' || !readOnce(id)) return { value: id, factor: 1 };
    const [left, right] = node.inputs;
    for (const [value, by] of [
      [left, numberOf(right)],
      [right, numberOf(left)],
    ] as const)
      if (by !== undefined && Math.abs(by) <= largestFactor && graph.types[value].dtype === graph.types[id].dtype)
        return { value, factor: by, by: maker.get(id) ?? -1 };
    return { value: id, factor: 1 };
  };
  const fits = (product: Scaled, residual: Scaled, result: ValueId): boolean => {
    const node = makerOf(product.value);
    const alike = [product.value, residual.value].every(
      (id) =>
        graph.types[id].dtype === graph.types[result].dtype &&
        sameShape(graph.types[id].shape, graph.types[result].shape),
    );
    const plain = product.by === undefined && residual.by === undefined && !isHalf(graph.types[result].dtype);
    return (
      node?.kind === 'matmul' &&
      alike &&
      !plain &&
      product.value !== residual.value &&
      readOnce(product.value) &&
      node.inputs.slice(2).every((id) => id < 0) &&
      nodes[maker.get(product.value) ?? -1] === node &&
      (maker.get(residual.value) ?? -1) < (maker.get(product.value) ?? -1)
    );
  };

  graph.nodes.forEach(({ kind, inputs, outputs: [result] }, position) => {
    if (kind !== 'add' || inputs[0] === inputs[1]) return;
    const [left, right] = inputs.map(scaled);
    const pair = [
      [right, left],
      [left, right],
    ].find(([product, residual]) => fits(product, residual, result));
    if (pair === undefined) return;
    const [product, residual] = pair;
    const at = maker.get(product.value) ?? -1;
    const node = graph.nodes[at];
    nodes[at] = {
      ...node,
      inputs: [node.inputs[0], node.inputs[1], -1, residual.value],
      outputs: [result],
      attributes: { ...node.attributes, alpha: product.factor, beta: residual.factor },
    };
    for (const gone of [position, product.by, residual.by]) if (gone !== undefined) nodes[gone] = undefined;
  });
  return { ...graph, nodes: nodes.filter((node) => node !== undefined) };
}
