import { record, type Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { axisOf } from './axis.js';
import { defineOp } from './define.js';
import { exp } from './exp.js';
import { multiply } from './multiply.js';
import { permute } from './permute.js';
import { subtract } from './subtract.js';
import { sum } from './sum.js';

const totals = (x: Tensor): Tensor => sum(x, [x.shape.length - 1, x.shape.length], true);

/**
 * y = exp(x − max x) / Σ exp(x − max x) over the last axis, or its logarithm.
 *   x: [.., N] float → y: [.., N]; a row of −∞ alone gives NaN. Source: Goodfellow, Bengio and Courville 2016, §4.1.
 */
export const softmaxOp = defineOp({
  name: 'softmax',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, _: { readonly log: boolean }) => ({ y: { dtype: x.dtype, shape: x.shape } }),
  gradient: ({ outputs: { y }, d, attributes: { log } }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    if (log) return { x: subtract(dy, multiply(exp(y), totals(dy))) };
    return { x: multiply(y, subtract(dy, totals(multiply(y, dy)))) };
  },
  reference: ({ x }, { log }) => {
    const n = x.shape.at(-1) ?? 1;
    const data = new Float64Array(x.data.length);
    for (let from = 0; from < data.length; from += n) {
      const row = x.data.subarray(from, from + n);
      const highest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const total = row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
      row.forEach((value, i) => {
        data[from + i] = log ? value - highest - Math.log(total) : Math.exp(value - highest) / total;
      });
    }
    return { y: { shape: x.shape, data } };
  },
  parameters: ({ x }, { log }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1, Number(log)],
});

function along(x: Tensor, axis: number, log: boolean): Tensor {
  const last = x.shape.length - 1;
  const at = axisOf('softmax', x.shape, axis);
  const order = x.shape.map((_, i) => (i === at ? last : i === last ? at : i));
  return permute(record(x.trace, softmaxOp, { x: permute(x, order) }, { log }).y, order);
}

/** Weights that sum to 1 along an axis, the last unless said otherwise. */
export const softmax = (x: Tensor, axis = -1): Tensor => along(x, axis, false);
/** The logarithm of `softmax`, without its underflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => along(x, axis, true);
