import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { showType, type TensorType } from '../types.js';
import { around, axisOf, resized } from './axis.js';
import { defineOp } from './define.js';
import { scatterAdd } from './gather.js';

// O axes before, N size of the axis, I axes after
/**
 * The largest element along an axis (the smallest, where asked) and where it is: the first of equals; a NaN counts as
 * beyond all. `lengths` says how many elements of the axis count, from the first; of none the value is 0 and the index −1.
 *   x: [O.., N, I..] float, lengths: int32, one an outer index → y: [O.., 1, I..], index: int32, like y.
 */
export const extremeOp = defineOp({
  name: 'extreme',
  inputs: ['x'],
  optional: ['lengths'],
  outputs: ['y', 'index'],
  infer: ({ x, lengths }, { axis }: { readonly axis: number; readonly smallest: boolean }) => {
    const shape = resized(x.shape, axis, 1);
    const [outer] = around(x.shape, axis);
    if (lengths !== undefined && lengths.shape.reduce((a, b) => a * b, 1) !== outer)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[extreme] ${outer} lengths for axis ${axis} of ${showType(x)}; received ${showType(lengths)}`,
      });
    return { y: { dtype: x.dtype, shape }, index: { dtype: 'int32', shape } satisfies TensorType };
  },
  gradient: ({ inputs: { x }, outputs: { index }, d, attributes: { axis } }) =>
    d.y === undefined ? {} : { x: scatterAdd(d.y, index, axis, x.shape[axis]) },
  reference: ({ x, lengths }, { axis, smallest }) => {
    const [outer, n, inner] = around(x.shape, axis);
    const shape = resized(x.shape, axis, 1);
    const y = new Float64Array(outer * inner);
    const index = new Float64Array(outer * inner).fill(-1);
    for (let o = 0; o < outer; o++) {
      const count = Math.max(0, Math.min(n, lengths?.data[o] ?? n));
      for (let i = 0; i < inner; i++) {
        const at = o * inner + i;
        for (let j = 0; j < count; j++) {
          const value = x.data[(o * n + j) * inner + i];
          const beyond = smallest ? value < y[at] : value > y[at];
          if (j > 0 && !beyond && !(Number.isNaN(value) && !Number.isNaN(y[at]))) continue;
          y[at] = value;
          index[at] = j;
        }
      }
    }
    return { y: { shape, data: y }, index: { shape, data: index } };
  },
  parameters: ({ x }, { axis, smallest }) => [...around(x.shape, axis), smallest ? -1 : 1],
});

interface Extreme {
  readonly y: Tensor;
  readonly index: Tensor;
}

const extreme = (x: Tensor, axis: number, smallest: boolean, lengths?: Tensor): Extreme =>
  record(x.trace, extremeOp, lengths === undefined ? { x } : { x, lengths }, {
    axis: axisOf('extreme', x.shape, axis),
    smallest,
  });

/** The largest elements along an axis, which is kept with size 1, and their indices; the first `lengths` count. */
export const maximumOver = (x: Tensor, axis: number, lengths?: Tensor): Extreme => extreme(x, axis, false, lengths);
/** The smallest elements along an axis, which is kept with size 1, and their indices; the first `lengths` count. */
export const minimumOver = (x: Tensor, axis: number, lengths?: Tensor): Extreme => extreme(x, axis, true, lengths);
