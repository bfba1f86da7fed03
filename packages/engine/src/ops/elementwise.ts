import type { Attributes } from '../trace/graph.js';
import { record, type Tensor } from '../trace/trace.js';
import { broadcastShape, product, promote, sameShape, type TensorType } from '../types.js';
import { constant } from './constant.js';
import { type Dense, defineOp, type Op } from './define.js';
import { reshape } from './reshape.js';
import { sum } from './sum.js';

/** An op that looks at one element of each operand at a time; `forward` is its meaning on numbers. */
export type Elementwise<I extends string> = Op<I, never, 'y', Attributes> & {
  readonly forward: (...values: readonly number[]) => number;
};

export interface ElementwiseDeclaration<I extends string> {
  readonly name: string;
  readonly inputs: readonly I[];
  readonly forward: (...values: readonly number[]) => number;
  /** Gradients before they are summed back to the shapes of broadcast operands. */
  readonly gradient?: (the: Readonly<Record<I | 'y' | 'dy', Tensor>>) => Partial<Record<I, Tensor>>;
}

/** Flat index into an operand for every element of the broadcast result. */
export function broadcastIndex(from: readonly number[], to: readonly number[]): Int32Array {
  const index = new Int32Array(product(to));
  const strides = to.map((_, axis) => {
    const own = axis - to.length + from.length;
    return own < 0 || from[own] === 1 ? 0 : product(from.slice(own + 1));
  });
  for (let flat = 0; flat < index.length; flat++) {
    let rest = flat;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      index[flat] += (rest % to[axis]) * strides[axis];
      rest = Math.floor(rest / to[axis]);
    }
  }
  return index;
}

/** Applies `forward` over broadcast operands. */
export function mapElements(operands: readonly Dense[], forward: (...values: readonly number[]) => number): Dense {
  const shape = broadcastShape(
    'elementwise',
    operands.map((operand) => operand.shape),
  );
  const indices = operands.map((operand) => broadcastIndex(operand.shape, shape));
  const data = Float64Array.from({ length: product(shape) }, (_, i) =>
    forward(...operands.map((operand, k) => operand.data[indices[k][i]])),
  );
  return { shape, data };
}

/** Sums a gradient over the axes along which its operand was broadcast. */
export function sumToShape(dy: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.shape.length - shape.length;
  let partial = dy;
  for (let axis = dy.shape.length - 1; axis >= 0; axis--)
    if ((shape[axis - lead] ?? 1) === 1 && partial.shape[axis] !== 1) partial = sum(partial, [axis, axis + 1], true);
  return reshape(partial, shape);
}

export function defineElementwise<const I extends string>(declaration: ElementwiseDeclaration<I>): Elementwise<I> {
  const { name, inputs, forward, gradient } = declaration;
  const typeOf = (types: Readonly<Record<I, TensorType>>): TensorType => {
    const list = inputs.map((input) => types[input]);
    return {
      dtype: promote(name, list),
      shape: broadcastShape(
        name,
        list.map((type) => type.shape),
      ),
    };
  };
  const op = defineOp<I, 'y', Attributes>({
    name,
    inputs,
    outputs: ['y'],
    infer: (types) => ({ y: typeOf(types) }),
    ...(gradient === undefined
      ? {}
      : {
          gradient: ({ inputs: tensors, outputs, d }) => {
            if (d.y === undefined) return {};
            const found: Partial<Record<I, Tensor>> = gradient({ ...tensors, y: outputs.y, dy: d.y });
            const summed: Partial<Record<I, Tensor>> = {};
            for (const input of inputs) {
              const value = found[input];
              if (value !== undefined) summed[input] = sumToShape(value, tensors[input].shape);
            }
            return summed;
          },
        }),
    reference: (values) => ({
      y: mapElements(
        inputs.map((input) => values[input]),
        forward,
      ),
    }),
  });
  return Object.freeze({ ...op, forward });
}

export const unary = (op: Elementwise<'x'>, x: Tensor): Tensor => record(x.trace, op, { x }, {}).y;

/** Numbers become scalar constants of a dtype that does not change the result's. */
export function binary(op: Elementwise<'a' | 'b'>, a: Tensor | number, b: Tensor | number): Tensor {
  const like = typeof a === 'number' ? b : a;
  if (typeof like === 'number') throw new TypeError(`${op.name} needs a tensor`);
  const lift = (value: Tensor | number): Tensor =>
    typeof value === 'number'
      ? constant(like.trace, { value, shape: [], dtype: like.dtype === 'float64' ? 'float64' : 'float32' })
      : value;
  return record(like.trace, op, { a: lift(a), b: lift(b) }, {}).y;
}
