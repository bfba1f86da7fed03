import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { around, axisOf, resized } from './axis.js';
import { defineOp } from './define.js';

type Part = { readonly axis: number; readonly from: number; readonly to: number };

/** y = x at [from, to) of an axis. Any dtype. Errors: SHAPE_MISMATCH. */
export const sliceOp = defineOp({
  name: 'slice',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, { axis, from, to }: Part) => {
    if (!(from >= 0 && from <= to && to <= x.shape[axis]))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[slice] a part of [0, ${x.shape[axis]}); received [${from}, ${to})`,
      });
    return { y: { dtype: x.dtype, shape: resized(x.shape, axis, to - from) } };
  },
  gradient: ({ inputs: { x }, d, attributes: { axis, from, to } }) =>
    d.y === undefined ? {} : { x: pad(d.y, axis, from, x.shape[axis] - to) },
  reference: ({ x }, { axis, from, to }) => {
    const [outer, n, inner] = around(x.shape, axis);
    const data = new Float64Array(outer * (to - from) * inner);
    for (let o = 0; o < outer; o++)
      data.set(x.data.subarray((o * n + from) * inner, (o * n + to) * inner), o * (to - from) * inner);
    return { y: { shape: resized(x.shape, axis, to - from), data } };
  },
  parameters: ({ x }, { axis, from, to }) => {
    const [outer, n, inner] = around(x.shape, axis);
    return [outer, (to - from) * inner, n * inner, from * inner];
  },
});

/** Elements [from, to) of an axis. */
export const slice = (x: Tensor, axis: number, from: number, to: number): Tensor => {
  const at = axisOf('slice', x.shape, axis);
  return from === 0 && to === x.shape[at] ? x : record(x.trace, sliceOp, { x }, { axis: at, from, to }).y;
};

type Zeros = { readonly axis: number; readonly before: number; readonly after: number };

/** y = x with zeros before and after it on an axis. Any dtype. Errors: SHAPE_MISMATCH. */
export const padOp = defineOp({
  name: 'pad',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, { axis, before, after }: Zeros) => {
    if (!(before >= 0 && after >= 0))
      throw new OctavoError('SHAPE_MISMATCH', { what: `[pad] counts of zeros; received ${before} and ${after}` });
    return { y: { dtype: x.dtype, shape: resized(x.shape, axis, before + x.shape[axis] + after) } };
  },
  gradient: ({ inputs: { x }, d, attributes: { axis, before } }) =>
    d.y === undefined ? {} : { x: slice(d.y, axis, before, before + x.shape[axis]) },
  reference: ({ x }, { axis, before, after }) => {
    const [outer, n, inner] = around(x.shape, axis);
    const total = before + n + after;
    const data = new Float64Array(outer * total * inner);
    for (let o = 0; o < outer; o++)
      data.set(x.data.subarray(o * n * inner, (o + 1) * n * inner), (o * total + before) * inner);
    return { y: { shape: resized(x.shape, axis, total), data } };
  },
  parameters: ({ x }, { axis, before, after }) => {
    const [outer, n, inner] = around(x.shape, axis);
    return [outer, n * inner, (before + n + after) * inner, before * inner];
  },
});

/** x between zeros on an axis. */
export const pad = (x: Tensor, axis: number, before: number, after: number): Tensor =>
  before === 0 && after === 0
    ? x
    : record(x.trace, padOp, { x }, { axis: axisOf('pad', x.shape, axis), before, after }).y;
