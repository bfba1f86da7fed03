import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { defineOp } from './define.js';

type Order = { readonly order: readonly number[] };

const inverse = (order: readonly number[]): readonly number[] => order.map((_, axis) => order.indexOf(axis));
/** For each axis of the result: how far apart its neighbours lie in x. */
const strides = (shape: readonly number[], order: readonly number[]): readonly number[] =>
  order.map((axis) => product(shape.slice(axis + 1)));

/** y's axis i is x's axis order[i]. Any dtype; at most 8 axes. Errors: SHAPE_MISMATCH. */
export const permuteOp = defineOp({
  name: 'permute',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, { order }: Order) => {
    if (order.length !== x.shape.length || order.length > 8 || inverse(order).includes(-1))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[permute] each of ${x.shape.length} axes once, 8 at most; received [${order.join(', ')}]`,
      });
    return { y: { dtype: x.dtype, shape: order.map((axis) => x.shape[axis]) } };
  },
  gradient: ({ d, attributes }) => (d.y === undefined ? {} : { x: permute(d.y, inverse(attributes.order)) }),
  reference: ({ x }, { order }) => {
    const shape = order.map((axis) => x.shape[axis]);
    const steps = strides(x.shape, order);
    const data = Float64Array.from({ length: product(shape) }, (_, flat) => {
      let [rest, from] = [flat, 0];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += (rest % shape[axis]) * steps[axis];
        rest = Math.floor(rest / shape[axis]);
      }
      return x.data[from];
    });
    return { y: { shape, data } };
  },
  parameters: ({ x }, { order }) => [order.length, ...order.map((axis) => x.shape[axis]), ...strides(x.shape, order)],
});

export const permute = (x: Tensor, order: readonly number[]): Tensor =>
  order.length === x.shape.length && order.every((axis, i) => axis === i)
    ? x
    : record(x.trace, permuteOp, { x }, { order }).y;

/** The last two axes exchanged. */
export const transpose = (x: Tensor): Tensor => {
  const rank = x.shape.length;
  return permute(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
};
