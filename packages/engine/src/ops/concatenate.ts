import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { type DType, isHalf, sameShape, showType, type TensorType } from '../types.js';
import { around, axisOf, resized } from './axis.js';
import { type Dense, defineOp } from './define.js';
import { slice } from './slice.js';

const most = 8;
const others = ['x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'x7'] as const;
type Operands<T> = { readonly x0: T } & Readonly<Partial<Record<(typeof others)[number], T>>>;

const listOf = <T>(values: Operands<T>): readonly T[] => [
  values.x0,
  ...others.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [value];
  }),
];
const total = (shapes: readonly { readonly shape: readonly number[] }[], axis: number): number =>
  shapes.reduce((size, { shape }) => size + shape[axis], 0);

/** A 16-bit operand makes a 16-bit result. */
const dtypeOf = (types: readonly TensorType[]): DType =>
  types.find(({ dtype }) => isHalf(dtype))?.dtype ?? types[0].dtype;

/**
 * y = x0, x1 … one after another on an axis; the other axes agree.
 * Operands of one dtype, or float32 beside a 16-bit one. Errors: SHAPE_MISMATCH.
 */
export const concatenateOp = defineOp({
  name: 'concatenate',
  inputs: ['x0'],
  optional: others,
  outputs: ['y'],
  infer: (types, { axis }: { readonly axis: number }) => {
    const list = listOf(types);
    const [first] = list;
    const alike = list.every(
      ({ shape, dtype }) =>
        sameShape(resized(shape, axis, 0), resized(first.shape, axis, 0)) &&
        (dtype === first.dtype || dtype === 'float32' || isHalf(dtype)),
    );
    if (!alike)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[concatenate] operands that differ on axis ${axis} only; received ${list.map(showType).join(', ')}`,
      });
    return { y: { dtype: dtypeOf(list), shape: resized(first.shape, axis, total(list, axis)) } };
  },
  gradient: ({ inputs, d, attributes: { axis } }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    let from = 0;
    const parts: Partial<Record<'x0' | (typeof others)[number], Tensor>> = {};
    for (const name of ['x0', ...others] as const) {
      const size = inputs[name]?.shape[axis];
      if (size === undefined) continue;
      parts[name] = slice(dy, axis, from, from + size);
      from += size;
    }
    return parts;
  },
  reference: (values, { axis }) => {
    const list: readonly Dense[] = listOf(values);
    const size = total(list, axis);
    const [outer, , inner] = around(list[0].shape, axis);
    const data = new Float64Array(outer * size * inner);
    let from = 0;
    for (const x of list) {
      const width = x.shape[axis] * inner;
      for (let o = 0; o < outer; o++) data.set(x.data.subarray(o * width, (o + 1) * width), o * size * inner + from);
      from += width;
    }
    return { y: { shape: resized(list[0].shape, axis, size), data } };
  },
  parameters: (types, { axis }) => {
    const list = listOf(types);
    const [outer, , inner] = around(list[0].shape, axis);
    return [outer, ...list.map(({ shape }) => shape[axis] * inner)];
  },
});

/** The tensors one after another on an axis; any number of them. */
export function concatenate(tensors: readonly Tensor[], axis: number): Tensor {
  const [x0, x1, x2, x3, x4, x5, x6, x7] = tensors;
  if (x0 === undefined) throw new OctavoError('SHAPE_MISMATCH', { what: '[concatenate] at least one tensor' });
  if (tensors.length === 1) return x0;
  if (tensors.length > most)
    return concatenate([concatenate(tensors.slice(0, most), axis), ...tensors.slice(most)], axis);
  const optional = Object.fromEntries(
    Object.entries({ x1, x2, x3, x4, x5, x6, x7 }).filter(([, tensor]) => tensor !== undefined),
  );
  return record(x0.trace, concatenateOp, { x0, ...optional }, { axis: axisOf('concatenate', x0.shape, axis) }).y;
}
