import { OctavoError } from '../error.js';
import type { Op } from '../ops/define.js';
import { sameShape, showType, type TensorType } from '../types.js';
import type { Attributes, Graph, GraphInput, GraphNode, ValueId } from './graph.js';

/** A graph under construction. */
export interface Trace {
  readonly types: TensorType[];
  readonly inputs: GraphInput[];
  readonly nodes: GraphNode[];
  readonly scope: string[];
}

/** A symbolic tensor: a value of a trace, with its type at hand. */
export interface Tensor extends TensorType {
  readonly trace: Trace;
  readonly id: ValueId;
}

export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'trace' in value && 'id' in value && 'shape' in value;

const makeValue = (trace: Trace, type: TensorType): Tensor => {
  trace.types.push(Object.freeze({ dtype: type.dtype, shape: Object.freeze([...type.shape]) }));
  return Object.freeze({ trace, id: trace.types.length - 1, dtype: type.dtype, shape: type.shape });
};

export const tensorOf = (trace: Trace, id: ValueId): Tensor => ({ trace, id, ...trace.types[id] });

/** Names an argument of the program. */
export function input(trace: Trace, name: string, type: TensorType): Tensor {
  if (trace.inputs.some((other) => other.name === name))
    throw new OctavoError('GRAPH_INVALID', { what: `two inputs are called ${name}` });
  const tensor = makeValue(trace, type);
  trace.inputs.push({ name, value: tensor.id });
  return tensor;
}

/** Runs `body` with `name` added to the path that new nodes carry. */
export function scoped<T>(trace: Trace, name: string, body: () => T): T {
  trace.scope.push(name);
  try {
    return body();
  } finally {
    trace.scope.pop();
  }
}

/** Records a node and gives its outputs by name. */
export function record<I extends string, P extends string, O extends string, A extends Attributes>(
  trace: Trace,
  op: Op<I, P, O, A>,
  inputs: Readonly<Record<I, Tensor>> & Readonly<Partial<Record<P, Tensor>>>,
  attributes: A,
): Readonly<Record<O, Tensor>> {
  const byName: Readonly<Partial<Record<string, Tensor>>> = inputs;
  const ids = op.inputNames.map((name) => byName[name]?.id ?? -1);
  for (const tensor of Object.values(byName))
    if (tensor !== undefined && tensor.trace !== trace)
      throw new OctavoError('GRAPH_INVALID', { what: `[${op.name}] inputs of one trace; received tensors of two` });
  const types = op.infer(inputs, attributes);
  const outputs = Object.fromEntries(op.outputs.map((name) => [name, makeValue(trace, types[name])]));
  trace.nodes.push(
    Object.freeze({
      kind: op.name,
      inputs: Object.freeze(ids),
      outputs: Object.freeze(op.outputs.map((name) => outputs[name].id)),
      attributes: Object.freeze({ ...attributes }),
      path: trace.scope.join('.'),
    }),
  );
  return outputs as Record<O, Tensor>;
}

export interface Traced {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Pairs of an input and the value its buffer holds afterwards. */
  readonly updates?: readonly (readonly [Tensor, Tensor])[];
}

/** Calls `body` once, with symbolic tensors, and returns what it did as a graph. */
export function trace(body: (trace: Trace) => Traced): Graph {
  const building: Trace = { types: [], inputs: [], nodes: [], scope: [] };
  const { outputs, updates = [] } = body(building);
  for (const [target, value] of updates)
    if (target.dtype !== value.dtype || !sameShape(target.shape, value.shape))
      throw new OctavoError('GRAPH_INVALID', {
        what: `an update keeps the type; received ${showType(value)} for ${showType(target)}`,
      });
  return Object.freeze({
    types: building.types,
    inputs: building.inputs,
    nodes: building.nodes,
    outputs: Object.entries(outputs).map(([name, tensor]) => ({ name, value: tensor.id })),
    updates: updates.map(([target, value]) => ({ input: target.id, value: value.id })),
  });
}
