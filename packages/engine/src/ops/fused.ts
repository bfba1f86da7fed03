import { OctavoError } from '../error.js';
import type { Attributes } from '../trace/graph.js';
import { broadcastShape, type DType, product, type TensorType } from '../types.js';
import type { AnyOp, Dense } from './define.js';
import { broadcastIndex } from './elementwise.js';

/** One line of a fused program: an op over earlier registers, or a constant. */
export type FusedStep =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'op'; readonly name: string; readonly from: readonly number[] };

/** `add 0 1; constant 0.5; multiply 2 3`: registers are the inputs, then one a step; the last is the result. */
export const showProgram = (steps: readonly FusedStep[]): string =>
  steps
    .map((step) => (step.kind === 'constant' ? `constant ${step.value}` : [step.name, ...step.from].join(' ')))
    .join('; ');

export const readProgram = (text: string): readonly FusedStep[] =>
  text.split('; ').map((line) => {
    const [name, ...rest] = line.split(' ');
    const numbers = rest.map(Number);
    return name === 'constant' ? { kind: 'constant', value: numbers[0] } : { kind: 'op', name, from: numbers };
  });

const operandsOf = <T>(values: Readonly<Partial<Record<string, T>>>): readonly T[] =>
  Object.values(values).filter((value) => value !== undefined);

/** Up to this many operands; the pass that fuses counts them. */
export const fusedOperands = 8;
const inputs = Array.from({ length: fusedOperands }, (_, i) => `x${i}`);

/** Meanings of the elementwise ops by name, filled by the registry. */
export const forwards = new Map<string, (...values: readonly number[]) => number>([['cast', (x) => x]]);

/**
 * A chain of elementwise ops over broadcast operands, walked once. Inputs x0 … x7, shape and dtype as attributes.
 * Made by the pass `fuse-elementwise`, never by models.
 */
export const fusedOp: AnyOp = Object.freeze({
  name: 'fused',
  inputs: [],
  optional: inputs,
  inputNames: inputs,
  outputs: ['y'],
  infer: (_: Readonly<Record<string, TensorType>>, attributes: Attributes) => ({
    y: { shape: shapeAttribute(attributes), dtype: dtypeAttribute(attributes) },
  }),
  reference: (values: Readonly<Partial<Record<string, Dense>>>, attributes: Attributes) => {
    const operands = operandsOf(values);
    const shape = shapeAttribute(attributes);
    const indices = operands.map((operand) => broadcastIndex(operand.shape, shape));
    const steps = readProgram(String(attributes['program']));
    const data = new Float64Array(product(shape));
    const registers: number[] = [];
    for (let i = 0; i < data.length; i++) {
      operands.forEach((operand, k) => {
        registers[k] = operand.data[indices[k][i]];
      });
      steps.forEach((step, s) => {
        registers[operands.length + s] =
          step.kind === 'constant'
            ? step.value
            : forwardOf(step.name)(...step.from.map((register) => registers[register]));
      });
      data[i] = registers[operands.length + steps.length - 1];
    }
    return { y: { shape, data } };
  },
});

function forwardOf(name: string): (...values: readonly number[]) => number {
  const forward = forwards.get(name);
  if (forward === undefined) throw new OctavoError('GRAPH_INVALID', { what: `${name} is not an elementwise op` });
  return forward;
}

export function shapeAttribute(attributes: Attributes): readonly number[] {
  const shape = attributes['shape'];
  return Array.isArray(shape) ? shape : [];
}

const dtypes: readonly DType[] = ['float64', 'float32', 'bfloat16', 'float16', 'int32', 'uint32', 'int8'];
export const dtypeAttribute = (attributes: Attributes): DType =>
  dtypes.find((dtype) => dtype === attributes['dtype']) ?? 'float32';

/** Strides of each operand over the result's axes after axes that all operands walk alike are merged. */
export function mergedLoops(
  shape: readonly number[],
  operands: readonly (readonly number[])[],
): { readonly sizes: readonly number[]; readonly strides: readonly (readonly number[])[] } {
  broadcastShape('fused', [shape, ...operands]);
  const strideOf = (own: readonly number[], axis: number): number => {
    const at = axis - shape.length + own.length;
    return at < 0 || own[at] === 1 ? 0 : product(own.slice(at + 1));
  };
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const next = operands.map((own) => strideOf(own, axis));
    const merges = sizes.length > 0 && next.every((stride, k) => stride === strides[k][0] * sizes[0]);
    if (merges) sizes[0] *= shape[axis];
    else {
      sizes.unshift(shape[axis]);
      next.forEach((stride, k) => {
        strides[k].unshift(stride);
      });
    }
  }
  if (sizes.length === 0) {
    sizes.push(1);
    strides.forEach((list) => {
      list.push(0);
    });
  }
  return { sizes, strides };
}
