import { OctavoError } from '../error.js';
import { opOf } from '../ops/registry.js';
import type { Graph } from '../trace/graph.js';
import { sameShape, showType } from '../types.js';

/** Throws GRAPH_INVALID unless every value is made once, before it is read, with the type its op infers. */
export function verify(graph: Graph, after: string): Graph {
  const wrong = (what: string, where: string): OctavoError =>
    new OctavoError('GRAPH_INVALID', { what: `after ${after}: ${what}`, where });
  const made = new Set(graph.inputs.map(({ value }) => value));
  for (const node of graph.nodes) {
    const op = opOf(node.kind);
    const where = `${node.kind} in ${node.path}`;
    for (const id of node.inputs) if (id >= 0 && !made.has(id)) throw wrong(`%${id} is read before it is made`, where);
    const types = Object.fromEntries(
      op.inputNames.flatMap((name, i) =>
        node.inputs[i] === undefined || node.inputs[i] < 0 ? [] : [[name, graph.types[node.inputs[i]]]],
      ),
    );
    for (const name of op.inputs) if (types[name] === undefined) throw wrong(`input ${name} is absent`, where);
    const inferred = op.infer(types, node.attributes);
    op.outputs.forEach((name, i) => {
      const id = node.outputs[i];
      if (made.has(id)) throw wrong(`%${id} is made twice`, where);
      made.add(id);
      const type = graph.types[id];
      if (type.dtype !== inferred[name].dtype || !sameShape(type.shape, inferred[name].shape))
        throw wrong(`${name} is ${showType(type)}, its op says ${showType(inferred[name])}`, where);
    });
  }
  for (const { value } of [...graph.outputs, ...graph.updates])
    if (!made.has(value)) throw wrong(`%${value} leaves the graph and is never made`, 'outputs');
  return graph;
}
