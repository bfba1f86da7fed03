import { record, type Tensor } from '../trace/trace.js';
import type { DType } from '../types.js';
import { defineOp } from './define.js';

/** y = x in another float dtype, rounded to nearest even. */
export const castOp = defineOp({
  name: 'cast',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, { dtype }: { readonly dtype: DType }) => ({ y: { dtype, shape: x.shape } }),
  gradient: ({ inputs: { x }, d }) => (d.y === undefined ? {} : { x: cast(d.y, x.dtype) }),
  reference: ({ x }) => ({ y: x }),
});
export const cast = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? x : record(x.trace, castOp, { x }, { dtype }).y;

/** x in the dtype it is traced in, also where mixed precision makes x 16-bit: for losses and statistics. */
export const castFull = (x: Tensor): Tensor => record(x.trace, castOp, { x }, { dtype: x.dtype }).y;
