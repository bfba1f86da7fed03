import { OctavoError } from '../../error.js';
import type { Dense } from '../../ops/define.js';
import { opOf } from '../../ops/registry.js';
import type { Graph, ValueId } from '../../trace/graph.js';
import { byteLengthOf, sizeOf, type TensorType } from '../../types.js';
import type { Backend, DeviceBuffer, Executable, HostArray } from '../backend.js';
import { checkInputs, checkLength } from '../check-inputs.js';

interface ReferenceBuffer extends DeviceBuffer {
  readonly data: Float64Array;
}

/** Computes every value of a graph in float64, op by op, by the ops' own definitions. */
export function interpret(graph: Graph, inputs: ReadonlyMap<string, Dense>): ReadonlyMap<ValueId, Dense> {
  const values = new Map<ValueId, Dense>();
  for (const { name, value } of graph.inputs) {
    const given = inputs.get(name);
    if (given === undefined)
      throw new OctavoError('INPUT_MISSING', {
        what: `the graph's input ${name} is not bound`,
        remedy: `pass ${name} to run`,
      });
    values.set(value, given);
  }
  for (const node of graph.nodes) {
    const op = opOf(node.kind);
    const operands: Record<string, Dense> = {};
    op.inputNames.forEach((name, i) => {
      const found = values.get(node.inputs[i] ?? -1);
      if (found !== undefined) operands[name] = found;
    });
    const results = op.reference(operands, node.attributes);
    op.outputs.forEach((name, i) => {
      values.set(node.outputs[i], results[name]);
    });
  }
  return values;
}

/** The oracle: plain TypeScript in float64, slow and readable. */
export function referenceBackend(): Backend {
  const own = new WeakMap<DeviceBuffer, ReferenceBuffer>();
  const dataOf = (buffer: DeviceBuffer): Float64Array => {
    const found = own.get(buffer);
    if (found === undefined)
      throw new OctavoError('BUFFER_FOREIGN', { what: 'this buffer belongs to another backend' });
    return found.data;
  };
  const backend: Backend = {
    name: 'reference',
    allocate: (type: TensorType, data?: ArrayLike<number>) => {
      if (data !== undefined) checkLength(type, data);
      const buffer = {
        type,
        backend,
        data: data === undefined ? new Float64Array(sizeOf(type)) : Float64Array.from(data),
      };
      own.set(buffer, buffer);
      return buffer;
    },
    write: (buffer, data) => {
      checkLength(buffer.type, data);
      dataOf(buffer).set(Float64Array.from(data));
    },
    read: (buffer) => dataOf(buffer).slice(),
    bytes: (buffer) => new Uint8Array(dataOf(buffer).slice().buffer),
    compile: (graph): Executable => ({
      graph,
      memory: {
        arenaBytes: 0,
        scratchBytes: 0,
        inputBytes: graph.inputs.reduce((total, { value }) => total + byteLengthOf(graph.types[value]), 0),
      },
    }),
    run: async ({ graph }, inputs) => {
      checkInputs(graph, inputs);
      const dense = new Map<string, Dense>();
      for (const { name, value } of graph.inputs) {
        const given = inputs[name];
        if (given !== undefined)
          dense.set(name, {
            shape: graph.types[value].shape,
            data: 'backend' in given ? dataOf(given).slice() : Float64Array.from(given),
          });
      }
      const values = interpret(graph, dense);
      const results: Record<string, HostArray> = {};
      for (const { name, value } of graph.outputs)
        results[name] = (values.get(value)?.data ?? new Float64Array()).slice();
      for (const { input, value } of graph.updates) {
        const name = graph.inputs.find((entry) => entry.value === input)?.name ?? '';
        const buffer = inputs[name];
        if (buffer !== undefined && 'backend' in buffer) dataOf(buffer).set(values.get(value)?.data ?? []);
      }
      return results;
    },
  };
  return backend;
}
