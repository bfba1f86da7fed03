import { OctavoError } from '../error.js';
import type { Graph, ValueId } from '../trace/graph.js';
import { showType, sizeOf, type TensorType } from '../types.js';
import type { DeviceBuffer } from './backend.js';

type Inputs = Readonly<Record<string, DeviceBuffer | ArrayLike<number>>>;

/** Throws SHAPE_MISMATCH unless there are as many numbers as the type has elements. */
export function checkLength(type: TensorType, data: ArrayLike<number>): void {
  if (data.length !== sizeOf(type))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `${sizeOf(type)} numbers for [${type.shape.join(', ')}]; received ${data.length}`,
    });
}

const updatedInputs = new WeakMap<Graph, ReadonlySet<ValueId>>();

/** The inputs that a graph updates: made once, for `run` is called often. */
function updatedBy(graph: Graph): ReadonlySet<ValueId> {
  const known = updatedInputs.get(graph);
  if (known !== undefined) return known;
  const found = new Set(graph.updates.map(({ input }) => input));
  updatedInputs.set(graph, found);
  return found;
}

/** Throws INPUT_MISSING or SHAPE_MISMATCH unless every input of a graph is bound to what it says, and updated ones to buffers. */
export function checkInputs(graph: Graph, inputs: Inputs): void {
  const updated = updatedBy(graph);
  for (const { name, value } of graph.inputs) {
    const given = inputs[name];
    const type = graph.types[value];
    if (given === undefined)
      throw new OctavoError('INPUT_MISSING', {
        what: `the graph's input ${name} is not bound`,
        remedy: `pass ${name} to run`,
      });
    if ('backend' in given) {
      if (given.type.dtype !== type.dtype || sizeOf(given.type) !== sizeOf(type))
        throw new OctavoError('SHAPE_MISMATCH', {
          what: `input ${name} is ${showType(type)}; received ${showType(given.type)}`,
        });
    } else if (updated.has(value))
      throw new OctavoError('INPUT_MISSING', { what: `${name} is updated, so it must be bound to a buffer` });
    else checkLength(type, given);
  }
}
