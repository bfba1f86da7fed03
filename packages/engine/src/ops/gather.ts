import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, sameShape, showType, type TensorType } from '../types.js';
import { around, axisOf, resized } from './axis.js';
import { constant } from './constant.js';
import { defineOp } from './define.js';
import { reshape } from './reshape.js';

// O axes before, N size of the axis, M indices, I axes after
interface Walk {
  readonly outer: number;
  readonly n: number;
  readonly m: number;
  readonly inner: number;
  /** Strides of the ids over outer and inner: 0 where one row of ids serves all. */
  readonly idsOuter: number;
  readonly idsInner: number;
}

/** Whether ids, but for the axis, are x's shape or ones: before the axis and after it. */
function walk(op: string, x: readonly number[], ids: readonly number[], axis: number, n: number): Walk {
  const [outer, , inner] = around(x, axis);
  const [before, m, after] = ids.length === x.length ? around(ids, axis) : [-1, -1, -1];
  const fits = (size: number, whole: number, part: readonly number[], other: readonly number[]): boolean =>
    size === 1 || (size === whole && sameShape(part, other));
  if (
    !fits(before, outer, ids.slice(0, axis), x.slice(0, axis)) ||
    !fits(after, inner, ids.slice(axis + 1), x.slice(axis + 1))
  )
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[${op}] ids of the operand's shape or of size 1, but for axis ${axis}; received [${ids.join(', ')}] for [${x.join(', ')}]`,
    });
  return { outer, n, m, inner, idsOuter: before === 1 ? 0 : m * after, idsInner: after === 1 ? 0 : 1 };
}

/** Calls f(o, j, i, id) for every element that a walk names, in order. */
function each(
  { outer, m, inner, idsOuter, idsInner }: Walk,
  ids: Float64Array,
  f: (o: number, j: number, i: number, id: number) => void,
): void {
  const width = idsInner === 0 ? 1 : inner;
  for (let o = 0; o < outer; o++)
    for (let j = 0; j < m; j++)
      for (let i = 0; i < inner; i++) f(o, j, i, ids[o * idsOuter + j * width + i * idsInner]);
}

const numbers = ({ outer, n, m, inner, idsOuter, idsInner }: Walk): readonly number[] => [
  outer,
  n,
  m,
  inner,
  idsOuter,
  idsInner,
];

/**
 * y[o, j, i] = x[o, ids[o, j, i], i] along an axis; an id outside [0, N) gives NaN, or 0 where `zeros` says so.
 *   x: [O.., N, I..] float, ids: int32 [O.. or 1s, M, I.. or 1s] → y: [O.., M, I..].
 */
export const gatherOp = defineOp({
  name: 'gather',
  inputs: ['x', 'ids'],
  outputs: ['y'],
  infer: ({ x, ids }, { axis }: { readonly axis: number; readonly zeros: boolean }) => {
    const { m } = walk('gather', x.shape, ids.shape, axis, x.shape[axis]);
    return { y: { dtype: x.dtype, shape: resized(x.shape, axis, m) } };
  },
  gradient: ({ inputs: { x, ids }, d, attributes: { axis } }) =>
    d.y === undefined ? {} : { x: scatterAdd(d.y, ids, axis, x.shape[axis]) },
  reference: ({ x, ids }, { axis, zeros }) => {
    const the = walk('gather', x.shape, ids.shape, axis, x.shape[axis]);
    const { outer, n, m, inner } = the;
    const data = new Float64Array(outer * m * inner);
    each(the, ids.data, (o, j, i, id) => {
      data[(o * m + j) * inner + i] = id >= 0 && id < n ? x.data[(o * n + id) * inner + i] : zeros ? 0 : Number.NaN;
    });
    return { y: { shape: resized(x.shape, axis, m), data } };
  },
  parameters: ({ x, ids }, { axis, zeros }) => [
    ...numbers(walk('gather', x.shape, ids.shape, axis, x.shape[axis])),
    Number(zeros),
  ],
});

/** x at ids along an axis; see `gatherOp` for the shapes that ids may have. */
export const gather = (x: Tensor, ids: Tensor, axis: number): Tensor =>
  record(x.trace, gatherOp, { x, ids }, { axis: axisOf('gather', x.shape, axis), zeros: false }).y;

/**
 * y[o, v, i] = Σ x[o, j, i] over the j with ids[o, j, i] = v, in the order of j; ids outside [0, size) are left out.
 *   x: [O.., M, I..] float, ids: int32 [O.. or 1s, M, I.. or 1s] → y: [O.., size, I..], float32 for 16-bit x.
 */
export const scatterAddOp = defineOp({
  name: 'scatterAdd',
  inputs: ['x', 'ids'],
  outputs: ['y'],
  infer: ({ x, ids }, { axis, size }: { readonly axis: number; readonly size: number }) => {
    const { m } = walk('scatterAdd', x.shape, ids.shape, axis, size);
    if (m !== x.shape[axis])
      throw new OctavoError('SHAPE_MISMATCH', { what: `[scatterAdd] an id for each of ${showType(x)}; received ${m}` });
    return {
      y: {
        dtype: isHalf(x.dtype) ? 'float32' : x.dtype,
        shape: resized(x.shape, axis, size),
      } satisfies TensorType,
    };
  },
  gradient: ({ inputs: { ids }, d, attributes: { axis } }) =>
    d.y === undefined ? {} : { x: record(d.y.trace, gatherOp, { x: d.y, ids }, { axis, zeros: true }).y },
  reference: ({ x, ids }, { axis, size }) => {
    const the = walk('scatterAdd', x.shape, ids.shape, axis, size);
    const data = new Float64Array(the.outer * size * the.inner);
    each(the, ids.data, (o, j, i, id) => {
      if (id >= 0 && id < size) data[(o * size + id) * the.inner + i] += x.data[(o * the.m + j) * the.inner + i];
    });
    return { y: { shape: resized(x.shape, axis, size), data } };
  },
  parameters: ({ x, ids }, { axis, size }) => numbers(walk('scatterAdd', x.shape, ids.shape, axis, size)),
});

/** Sums of x by id along an axis; see `scatterAddOp` for the shapes that ids may have. */
export const scatterAdd = (x: Tensor, ids: Tensor, axis: number, size: number): Tensor =>
  record(x.trace, scatterAddOp, { x, ids }, { axis: axisOf('scatterAdd', x.shape, axis), size }).y;

/** 1 at ids along a new last axis, else 0; nothing for an id outside [0, classes). ids: int32 [..] → [.., classes]. */
export const oneHot = (ids: Tensor, classes: number): Tensor => {
  const column = [...ids.shape, 1];
  const ones = constant(ids.trace, { value: 1, shape: column, dtype: 'float32' });
  return scatterAdd(ones, reshape(ids, column), -1, classes);
};
