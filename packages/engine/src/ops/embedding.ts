import { record, type Tensor } from '../trace/trace.js';
import { type DType, product } from '../types.js';
import { defineOp } from './define.js';
import { embeddingGradient } from './embedding-gradient.js';

// V rows of the table, D width
/**
 * y[i] = table[ids[i]]; an id outside [0, V) gives a row of NaN, which the loss then shows.
 *   table: [V, D] float, ids: int32 of any shape → y: [.., D] in `dtype`.
 */
export const embeddingOp = defineOp({
  name: 'embedding',
  inputs: ['table', 'ids'],
  outputs: ['y'],
  mixed: { setsDtype: true },
  infer: ({ table, ids }, { dtype }: { readonly dtype: DType }) => ({
    y: { dtype, shape: [...ids.shape, table.shape[1]] },
  }),
  gradient: ({ inputs: { table, ids }, d }) =>
    d.y === undefined ? {} : { table: embeddingGradient(d.y, ids, table.shape[0]) },
  reference: ({ table, ids }) => {
    const [rows, width] = table.shape;
    const data = new Float64Array(ids.data.length * width).fill(Number.NaN);
    ids.data.forEach((id, i) => {
      if (id >= 0 && id < rows) data.set(table.data.subarray(id * width, (id + 1) * width), i * width);
    });
    return { y: { shape: [...ids.shape, width], data } };
  },
  parameters: ({ table, ids }) => [table.shape[0], table.shape[1], product(ids.shape)],
});

export const embedding = (table: Tensor, ids: Tensor): Tensor =>
  record(table.trace, embeddingOp, { table, ids }, { dtype: table.dtype }).y;
