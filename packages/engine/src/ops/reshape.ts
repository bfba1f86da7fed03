import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { product, sameShape } from '../types.js';
import { defineOp } from './define.js';

/** y has x's elements in the same order under another shape; no bytes move. Errors: SHAPE_MISMATCH. */
export const reshapeOp = defineOp({
  name: 'reshape',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }, { shape }: { readonly shape: readonly number[] }) => {
    if (product(shape) !== product(x.shape))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[reshape] ${product(x.shape)} elements; received [${shape.join(', ')}]`,
      });
    return { y: { dtype: x.dtype, shape } };
  },
  gradient: ({ inputs: { x }, d }) => (d.y === undefined ? {} : { x: reshape(d.y, x.shape) }),
  reference: ({ x }, { shape }) => ({ y: { shape, data: x.data } }),
});
export const reshape = (x: Tensor, shape: readonly number[]): Tensor =>
  sameShape(x.shape, shape) ? x : record(x.trace, reshapeOp, { x }, { shape }).y;
