import type { GraphNode, ValueId } from '../trace/graph.js';
import { opOf } from './registry.js';

/** The operand that each result of a node is written over, by the index of the result; none where the operand is absent. */
export function writtenOver(node: GraphNode): ReadonlyMap<number, ValueId> {
  const { inPlace = {}, inputNames, outputs } = opOf(node.kind);
  return new Map(
    outputs.flatMap((output, index) => {
      const over = inPlace[output];
      const source = over === undefined ? -1 : (node.inputs[inputNames.indexOf(over)] ?? -1);
      return source < 0 ? [] : [[index, source] as const];
    }),
  );
}
