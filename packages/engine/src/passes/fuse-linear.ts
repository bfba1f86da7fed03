import { linearActivations } from '../ops/linear.js';
import type { Graph, GraphNode } from '../trace/graph.js';
import { sameShape } from '../types.js';
import { usesOf } from './rewrite.js';

const activations: ReadonlySet<string> = new Set(linearActivations.slice(1));

/** Moves an activation, and the residual added after it, into the product or convolution that makes their operand. */
export function fuseLinear(graph: Graph): Graph {
  const { readers, maker, leaving } = usesOf(graph);
  const nodes: (GraphNode | undefined)[] = [...graph.nodes];
  graph.nodes.forEach((node, position) => {
    if (node.kind !== 'linear' && node.kind !== 'convolution') return;
    let fused: GraphNode = node;
    const [y, pre] = node.outputs;
    if ((readers.get(pre) ?? []).length > 0 || leaving.has(pre)) return;
    const reading = readers.get(y) ?? [];
    const activation = reading.find(
      (reader) =>
        activations.has(graph.nodes[reader].kind) &&
        graph.types[graph.nodes[reader].outputs[0]].dtype === graph.types[y].dtype,
    );
    if (activation !== undefined && !leaving.has(y)) {
      const { kind, outputs } = graph.nodes[activation];
      fused = { ...fused, attributes: { ...node.attributes, activation: kind }, outputs: [outputs[0], y] };
      nodes[activation] = undefined;
    }
    const [result] = fused.outputs;
    const only = readers.get(result) ?? [];
    const adding = only.length === 1 && !leaving.has(result) ? graph.nodes[only[0]] : undefined;
    if (adding?.kind === 'add') {
      const other = adding.inputs[0] === result ? adding.inputs[1] : adding.inputs[0];
      const ready = (maker.get(other) ?? -1) < position && other !== result;
      const alike =
        sameShape(graph.types[other].shape, graph.types[result].shape) &&
        graph.types[other].dtype === graph.types[result].dtype;
      if (ready && alike) {
        fused = {
          ...fused,
          inputs: [...fused.inputs.slice(0, 2), fused.inputs[2] ?? -1, other],
          outputs: [adding.outputs[0], activation === undefined ? pre : fused.outputs[1]],
        };
        nodes[only[0]] = undefined;
      }
    }
    nodes[position] = fused;
  });
  return { ...graph, nodes: nodes.filter((node) => node !== undefined) };
}
