import { record, type Tensor } from '../trace/trace.js';
import { type DType, isHalf, type TensorType } from '../types.js';
import { defineOp } from './define.js';

// V rows of the table, D width, N ids, B bags
/** How the rows of a bag become one, in the order of the kernel's enumeration. */
const modes = ['sum', 'mean', 'max'] as const;
export type BagMode = (typeof modes)[number];
type BagAttributes = { readonly mode: BagMode; readonly dtype: DType };

/** The ids of bag b: [from, to), kept inside [0, N). */
const bagOf = (offsets: Float64Array, b: number, n: number): readonly [number, number] => {
  const from = Math.max(0, Math.min(n, offsets[b]));
  return [from, Math.max(from, Math.min(n, offsets[b + 1]))];
};
const known = (id: number, rows: number): boolean => id >= 0 && id < rows;

/**
 * y[b] = sum, mean or elementwise maximum of table[ids[i]] over i in [offsets[b], offsets[b + 1]); 0 for an empty bag; an
 * id outside [0, V) gives NaN. `index` says, for the maximum, the i that each element is from (the first of equals), or −1.
 *   table: [V, D] float, ids: int32 [N], offsets: int32 [B + 1] → y: [B, D] in `dtype`, index: int32 [B, D].
 */
export const embeddingBagOp = defineOp({
  name: 'embeddingBag',
  inputs: ['table', 'ids', 'offsets'],
  outputs: ['y', 'index'],
  mixed: { setsDtype: true },
  infer: ({ table, offsets }, { dtype }: BagAttributes) => {
    const shape = [offsets.shape[0] - 1, table.shape[1]];
    return { y: { dtype, shape }, index: { dtype: 'int32', shape } satisfies TensorType };
  },
  gradient: ({ inputs: { table, ids, offsets }, outputs: { index }, d, attributes: { mode } }) => {
    const dy = d.y;
    if (dy === undefined) return {};
    const operands = mode === 'max' ? { dy, ids, offsets, index } : { dy, ids, offsets };
    return { table: record(dy.trace, embeddingBagGradientOp, operands, { mode, rows: table.shape[0] }).dtable };
  },
  reference: ({ table, ids, offsets }, { mode }) => {
    const [rows, width] = table.shape;
    const bags = offsets.data.length - 1;
    const [y, index] = [new Float64Array(bags * width), new Float64Array(bags * width).fill(-1)];
    for (let b = 0; b < bags; b++) {
      const [from, to] = bagOf(offsets.data, b, ids.data.length);
      for (let i = from; i < to; i++)
        for (let c = 0; c < width; c++) {
          const at = b * width + c;
          const value = known(ids.data[i], rows) ? table.data[ids.data[i] * width + c] : Number.NaN;
          if (mode !== 'max') y[at] += mode === 'mean' ? value / (to - from) : value;
          else if (i === from || value > y[at] || (Number.isNaN(value) && !Number.isNaN(y[at]))) {
            y[at] = value;
            index[at] = i;
          }
        }
    }
    const shape = [bags, width];
    return { y: { shape, data: y }, index: { shape, data: index } };
  },
  parameters: ({ table, ids, offsets }, { mode }) => [
    table.shape[0],
    table.shape[1],
    ids.shape[0],
    offsets.shape[0] - 1,
    modes.indexOf(mode),
  ],
});

/** dtable[v] = Σ over ids equal to v of their bag's dy, in the order of ids: whole, divided by the bag's size, or where it was largest. */
export const embeddingBagGradientOp = defineOp({
  name: 'embeddingBagGradient',
  inputs: ['dy', 'ids', 'offsets'],
  optional: ['index'],
  outputs: ['dtable'],
  infer: ({ dy }, { rows }: { readonly mode: BagMode; readonly rows: number }) => ({
    dtable: { dtype: isHalf(dy.dtype) ? 'float32' : dy.dtype, shape: [rows, dy.shape[1]] } satisfies TensorType,
  }),
  reference: ({ dy, ids, offsets, index }, { mode, rows }) => {
    const width = dy.shape[1];
    const data = new Float64Array(rows * width);
    for (let b = 0; b < offsets.data.length - 1; b++) {
      const [from, to] = bagOf(offsets.data, b, ids.data.length);
      for (let i = from; i < to; i++)
        for (let c = 0; c < width; c++) {
          const counts = index === undefined || index.data[b * width + c] === i;
          if (known(ids.data[i], rows) && counts)
            data[ids.data[i] * width + c] += dy.data[b * width + c] / (mode === 'mean' ? to - from : 1);
        }
    }
    return { dtable: { shape: [rows, width], data } };
  },
  parameters: ({ dy, ids, offsets }, { mode, rows }) => [
    rows,
    dy.shape[1],
    ids.shape[0],
    offsets.shape[0] - 1,
    modes.indexOf(mode),
  ],
});

/** One row for each ragged bag of ids; see `embeddingBagOp` for the shapes. */
export const embeddingBag = (
  the: { readonly table: Tensor; readonly ids: Tensor; readonly offsets: Tensor },
  mode: BagMode,
): Tensor => record(the.table.trace, embeddingBagOp, { ...the }, { mode, dtype: the.table.dtype }).y;
