import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, showType, type TensorType } from '../types.js';
import { defineOp } from './define.js';
import { scatterAdd } from './gather.js';

/** NaN above all, −0 as 0: an order in which every two numbers are the same or one comes first. */
const order = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
};

/**
 * The first k elements of each row in order, and where they were. Equal elements keep their order; NaN counts as largest.
 *   x: [.., N] float → y: [.., k], index: int32 [.., k]. Errors: SHAPE_MISMATCH.
 */
export const sortOp = defineOp({
  name: 'sort',
  inputs: ['x'],
  outputs: ['y', 'index'],
  infer: ({ x }, { k }: { readonly k: number; readonly descending: boolean }) => {
    const n = x.shape.at(-1);
    if (n === undefined || !(k >= 0 && k <= n))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[sort] no more than a row of ${showType(x)} has; received ${k}`,
      });
    const shape = [...x.shape.slice(0, -1), k];
    return { y: { dtype: x.dtype, shape }, index: { dtype: 'int32', shape } satisfies TensorType };
  },
  gradient: ({ inputs: { x }, outputs: { index }, d }) =>
    d.y === undefined ? {} : { x: scatterAdd(d.y, index, -1, x.shape.at(-1) ?? 1) },
  reference: ({ x }, { k, descending }) => {
    const n = x.shape.at(-1) ?? 1;
    const shape = [...x.shape.slice(0, -1), k];
    const [y, index] = [new Float64Array(product(shape)), new Float64Array(product(shape))];
    for (let row = 0; row < product(x.shape.slice(0, -1)); row++) {
      const values = x.data.subarray(row * n, (row + 1) * n);
      const found = [...values.keys()].sort((i, j) => (descending ? -1 : 1) * order(values[i], values[j]) || i - j);
      for (let i = 0; i < k; i++) {
        index[row * k + i] = found[i];
        y[row * k + i] = values[found[i]];
      }
    }
    return { y: { shape, data: y }, index: { shape, data: index } };
  },
  parameters: ({ x }, { k, descending }) => [product(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1, k, Number(descending)],
});

interface Sorted {
  readonly y: Tensor;
  readonly index: Tensor;
}

/** Each row of x: [.., N] in order, and the indices that its elements had. */
export const sort = (x: Tensor, { descending = false } = {}): Sorted =>
  record(x.trace, sortOp, { x }, { k: x.shape.at(-1) ?? 0, descending });

/** The k largest of each row of x: [.., N], largest first, and their indices. */
export const topK = (x: Tensor, k: number): Sorted => record(x.trace, sortOp, { x }, { k, descending: true });
