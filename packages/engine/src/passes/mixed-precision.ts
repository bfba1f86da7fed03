import { opOf } from '../ops/registry.js';
import type { Graph, GraphNode, ValueId } from '../trace/graph.js';
import { type DType, isHalf, type TensorType } from '../types.js';

/**
 * Makes activations 16-bit by each op's `mixed` rule: operands of products are cast to `dtype`, state and sums stay
 * float32, everything else follows its operands. Inputs, outputs and updates keep their types.
 * Source: Micikevicius et al. 2017, arXiv 1710.03740.
 */
export function mixedPrecision(graph: Graph, dtype: 'bfloat16' | 'float16'): Graph {
  const types: TensorType[] = [...graph.types];
  const nodes: GraphNode[] = [];
  const casts = new Map<string, ValueId>();
  const inputs = new Set(graph.inputs.map(({ value }) => value));
  const cast = (id: ValueId, to: DType, path: string): ValueId => {
    if (types[id].dtype === to) return id;
    const key = `${id} ${to}`;
    const known = casts.get(key);
    if (known !== undefined) return known;
    types.push({ dtype: to, shape: types[id].shape });
    nodes.push({
      kind: 'cast',
      inputs: [id],
      outputs: [types.length - 1],
      attributes: { dtype: to },
      path: inputs.has(id) ? '' : path,
    });
    casts.set(key, types.length - 1);
    return types.length - 1;
  };
  for (const node of graph.nodes) {
    const op = opOf(node.kind);
    const rule = op.mixed ?? {};
    const operands = node.inputs.map((id, i) => {
      if (id < 0) return id;
      const name = op.inputNames[i];
      if (rule.half?.includes(name)) return cast(id, dtype, node.path);
      return rule.full?.includes(name) && isHalf(types[id].dtype) ? cast(id, 'float32', node.path) : id;
    });
    const attributes = rule.setsDtype ? { ...node.attributes, dtype } : node.attributes;
    const named = Object.fromEntries(
      op.inputNames.flatMap((name, i) => (operands[i] < 0 ? [] : [[name, types[operands[i]]]])),
    );
    const inferred = op.infer(named, attributes);
    op.outputs.forEach((name, i) => {
      types[node.outputs[i]] = inferred[name];
    });
    nodes.push({ ...node, inputs: operands, attributes });
  }
  const leaving = (value: ValueId): ValueId => cast(value, graph.types[value].dtype, '');
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: leaving(value) }));
  const updates = graph.updates.map(({ input, value }) => ({ input, value: leaving(value) }));
  return { types, inputs: graph.inputs, nodes, outputs, updates };
}
