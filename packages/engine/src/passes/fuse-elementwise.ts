import { type FusedStep, fusedOperands, showProgram } from '../ops/fused.js';
import { writtenOver } from '../ops/in-place.js';
import { isElementwise } from '../ops/registry.js';
import type { Graph, GraphNode, ValueId } from '../trace/graph.js';
import { sameShape } from '../types.js';
import { usesOf } from './rewrite.js';

/** Registers of one fused program at most; the kernel keeps a strip of each in the first-level cache. */
const maximumSteps = 24;

const mayFuse = (kind: string): boolean => isElementwise(kind) || kind === 'constant';

/**
 * Turns each chain of elementwise ops into one `fused` node. A producer joins its reader when that reader is the only one
 * and has the same shape; constants join everybody.
 */
export function fuseElementwise(graph: Graph): Graph {
  const { readers, maker, leaving } = usesOf(graph);
  const absorbed = new Set<number>();
  /** Where an op in place writes over a value: reads of it may not move past that. */
  const overwritten = new Map<ValueId, number>();
  graph.nodes.forEach((node, position) => {
    for (const id of writtenOver(node).values()) overwritten.set(id, position);
  });
  const absorbable = (id: ValueId, into: GraphNode): GraphNode | undefined => {
    const position = maker.get(id);
    const node = position === undefined ? undefined : graph.nodes[position];
    if (node === undefined || !mayFuse(node.kind)) return undefined;
    if (node.kind === 'constant') return node;
    const end = maker.get(into.outputs[0]) ?? 0;
    if (node.inputs.some((operand) => (overwritten.get(operand) ?? end) < end)) return undefined;
    const same = sameShape(graph.types[id].shape, graph.types[into.outputs[0]].shape);
    return same && !leaving.has(id) && (readers.get(id) ?? []).length === 1 ? node : undefined;
  };

  const fuse = (root: GraphNode): GraphNode => {
    const operands: ValueId[] = [];
    const steps: FusedStep[] = [];
    const taken: number[] = [];
    // Operand registers come first, so steps hold negative numbers for operands until their count is known.
    const known = new Map<ValueId, number>();
    let reserved = 1;
    const registerOf = (id: ValueId): number => {
      const before = known.get(id);
      if (before !== undefined) return before;
      const producer = absorbable(id, root);
      const room = operands.length + (producer?.inputs.length ?? 0) <= fusedOperands && reserved < maximumSteps;
      let register: number;
      if (producer !== undefined && room) {
        reserved++;
        register = emit(producer);
        if (producer.kind !== 'constant') taken.push(maker.get(id) ?? -1);
      } else {
        operands.push(id);
        register = -operands.length;
      }
      known.set(id, register);
      return register;
    };
    const emit = (node: GraphNode): number => {
      if (node.kind === 'constant') steps.push({ kind: 'constant', value: Number(node.attributes['value']) });
      else {
        const from = node.inputs.map(registerOf);
        steps.push({ kind: 'op', name: node.kind, from });
      }
      return steps.length - 1;
    };
    emit(root);
    if (operands.length > fusedOperands) return single(root);
    for (const position of taken) absorbed.add(position);
    const at = (register: number): number => (register < 0 ? -register - 1 : operands.length + register);
    const program = showProgram(
      steps.map((step) => (step.kind === 'constant' ? step : { ...step, from: step.from.map(at) })),
    );
    return fusedNode(root, operands, program);
  };
  const fusedNode = (root: GraphNode, operands: readonly ValueId[], program: string): GraphNode => {
    const type = graph.types[root.outputs[0]];
    return { ...root, kind: 'fused', inputs: operands, attributes: { program, shape: type.shape, dtype: type.dtype } };
  };
  const single = (root: GraphNode): GraphNode => {
    const operands = [...new Set(root.inputs)];
    return fusedNode(root, operands, [root.kind, ...root.inputs.map((id) => operands.indexOf(id))].join(' '));
  };

  const nodes: GraphNode[] = [];
  for (let position = graph.nodes.length - 1; position >= 0; position--) {
    const node = graph.nodes[position];
    if (absorbed.has(position)) continue;
    nodes.push(mayFuse(node.kind) ? fuse(node) : node);
  }
  return { ...graph, nodes: nodes.toReversed() };
}
