import { type Backend, type DeviceBuffer, type Graph, type GraphNode, sizeOf } from '@octavo/engine';
import type { Batch } from './batches.js';
import { type StepShape, trainingGraph } from './step-graphs.js';

const finite = (values: ArrayLike<number>): boolean => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
};

/** The graph with the size of every float value among its outputs and without updates: a step that changes nothing. */
function watched(graph: Graph): Graph {
  const types = [...graph.types];
  const nodes: GraphNode[] = [];
  const outputs: { name: string; value: number }[] = [];
  for (const node of graph.nodes) {
    if (node.kind === 'gradientScale') break;
    nodes.push(node);
    node.outputs.forEach((id, index) => {
      const type = types[id];
      if (type === undefined || type.dtype !== 'float32' || sizeOf(type) === 0) return;
      types.push({ dtype: 'float32', shape: [] });
      nodes.push({ kind: 'squaredSum', inputs: [id], outputs: [types.length - 1], attributes: {}, path: node.path });
      outputs.push({
        name: `${String(outputs.length).padStart(6, '0')} ${node.kind}${index === 0 ? '' : ` (output ${index})`} in ${node.path || 'the step'}`,
        value: types.length - 1,
      });
    });
  }
  return { types, inputs: graph.inputs, nodes, outputs, updates: [] };
}

/**
 * Says what first turned non-finite: a parameter or optimiser state that already was, else the first op of a replay of the
 * step in float32. The replay changes nothing.
 */
export async function diagnoseStep(the: {
  readonly backend: Backend;
  readonly shape: StepShape;
  readonly state: ReadonlyMap<string, DeviceBuffer>;
  readonly batch: Batch;
  readonly step: number;
  readonly place: string;
}): Promise<string> {
  const { backend, shape, state, batch, step, place } = the;
  for (const [name, buffer] of state)
    if (!finite(backend.read(buffer))) return `${name} holds a value that is not finite (${place})`;
  const executable = backend.compile(watched(trainingGraph({ ...shape, clipValue: 0 })));
  const scalars = {
    lossScale: Float32Array.of(1),
    step: Int32Array.of(step),
  };
  const given: Record<string, DeviceBuffer | ArrayLike<number>> = {
    ...Object.fromEntries(state),
    ...batch,
    ...scalars,
  };
  for (const { name, value } of executable.graph.inputs)
    given[name] ??= new Float32Array(executable.graph.types[value]?.shape.reduce((a, b) => a * b, 1) ?? 0);
  const found = await backend.run(executable, given);
  const first = Object.keys(found)
    .toSorted()
    .find((name) => !finite(found[name] ?? []));
  return first === undefined
    ? `nothing in float32: it overflows in 16 bits only (${place})`
    : `first in ${first.slice(7)} (${place})`;
}
