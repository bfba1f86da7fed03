import { record, type Tensor } from '../trace/trace.js';
import { isHalf, product, type TensorType } from '../types.js';
import { defineOp } from './define.js';

/**
 * dtable[v] = Σ dy[i] over the i with ids[i] = v, in the order of i.
 *   dy: [.., D], ids: int32 → dtable: [rows, D], float32 for 16-bit dy.
 * `sum`: like dtable, takes them in place, as the pass `accumulate` makes it.
 */
export const embeddingGradientOp = defineOp({
  name: 'embeddingGradient',
  inputs: ['dy', 'ids'],
  optional: ['sum'],
  outputs: ['dtable'],
  inPlace: { dtable: 'sum' },
  mixed: { full: ['sum'] },
  infer: ({ dy }, { rows }: { readonly rows: number }) => ({
    dtable: {
      dtype: isHalf(dy.dtype) ? 'float32' : dy.dtype,
      shape: [rows, dy.shape.at(-1) ?? 1],
    } satisfies TensorType,
  }),
  reference: ({ dy, ids, sum }, { rows }) => {
    const width = dy.shape.at(-1) ?? 1;
    const data = Float64Array.from(sum?.data ?? new Float64Array(rows * width));
    ids.data.forEach((id, i) => {
      if (id >= 0 && id < rows) for (let c = 0; c < width; c++) data[id * width + c] += dy.data[i * width + c];
    });
    return { dtable: { shape: [rows, width], data } };
  },
  parameters: ({ dy, ids }, { rows }) => [rows, dy.shape.at(-1) ?? 1, product(ids.shape)],
});

export const embeddingGradient = (dy: Tensor, ids: Tensor, rows: number): Tensor =>
  record(dy.trace, embeddingGradientOp, { dy, ids }, { rows }).dtable;
