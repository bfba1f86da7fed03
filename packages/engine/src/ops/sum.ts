import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, product, type TensorType } from '../types.js';
import { constant } from './constant.js';
import { defineOp } from './define.js';
import { multiply } from './multiply.js';
import { reshape } from './reshape.js';

type Axes = { readonly from: number; readonly to: number; readonly keep: boolean };

const kept = (shape: readonly number[], { from, to }: Axes): readonly number[] =>
  shape.map((size, axis) => (axis >= from && axis < to ? 1 : size));
const reduced = (shape: readonly number[], axes: Axes): readonly number[] =>
  axes.keep ? kept(shape, axes) : shape.filter((_, axis) => axis < axes.from || axis >= axes.to);
const view = (shape: readonly number[], { from, to }: Axes): readonly [number, number, number] => [
  product(shape.slice(0, from)),
  product(shape.slice(from, to)),
  product(shape.slice(to)),
];

/**
 * y = Σ x over the axes [from, to). 16-bit operands give a float32 sum.
 * Sums run over fixed blocks in a fixed order, whatever the number of threads.
 */
export const sumOp = defineOp({
  name: 'sum',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, axes: Axes) => {
    if (axes.from < 0 || axes.to > x.shape.length || axes.from > axes.to)
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[sum] axes inside [0, ${x.shape.length}); received [${axes.from}, ${axes.to})`,
      });
    return { y: { dtype: isHalf(x.dtype) ? 'float32' : x.dtype, shape: reduced(x.shape, axes) } satisfies TensorType };
  },
  gradient: ({ inputs: { x }, d, attributes }) => {
    if (d.y === undefined) return {};
    const ones = constant(x.trace, { value: 1, shape: x.shape, dtype: x.dtype });
    return { x: multiply(ones, reshape(d.y, kept(x.shape, attributes))) };
  },
  reference: ({ x }, axes) => {
    const [outer, count, inner] = view(x.shape, axes);
    const data = new Float64Array(outer * inner);
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < count; k++)
        for (let i = 0; i < inner; i++) data[o * inner + i] += x.data[(o * count + k) * inner + i];
    return { y: { shape: reduced(x.shape, axes), data } };
  },
  parameters: ({ x }, axes) => view(x.shape, axes),
});

/** Sums over the axes [from, to), all of them by default. */
export const sum = (x: Tensor, [from, to]: readonly [number, number] = [0, x.shape.length], keep = false): Tensor =>
  record(x.trace, sumOp, { x }, { from, to, keep }).y;
