import { record, type Tensor } from '../trace/trace.js';
import { around, axisOf } from './axis.js';
import { defineOp } from './define.js';

/**
 * y[j] = Σ x[i] over i ≤ j along an axis; over i ≥ j where `reverse` says so.
 *   x: [O.., N, I..] float → y: like x; each sum is one chain in float64, or in float32 with its error carried along.
 */
export const cumulativeSumOp = defineOp({
  name: 'cumulativeSum',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, _: { readonly axis: number; readonly reverse: boolean }) => ({
    y: { dtype: x.dtype, shape: x.shape },
  }),
  gradient: ({ d, attributes: { axis, reverse } }) =>
    d.y === undefined ? {} : { x: cumulativeSum(d.y, axis, { reverse: !reverse }) },
  reference: ({ x }, { axis, reverse }) => {
    const [outer, n, inner] = around(x.shape, axis);
    const data = new Float64Array(x.data.length);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        let total = 0;
        for (let j = 0; j < n; j++) {
          const at = (o * n + (reverse ? n - 1 - j : j)) * inner + i;
          total += x.data[at];
          data[at] = total;
        }
      }
    return { y: { shape: x.shape, data } };
  },
  parameters: ({ x }, { axis, reverse }) => [...around(x.shape, axis), Number(reverse)],
});

export const cumulativeSum = (x: Tensor, axis: number, { reverse = false } = {}): Tensor =>
  record(x.trace, cumulativeSumOp, { x }, { axis: axisOf('cumulativeSum', x.shape, axis), reverse }).y;
