import { record, type Tensor, type Trace } from '../trace/trace.js';
import { type DType, product } from '../types.js';
import { defineOp } from './define.js';

/** A tensor with one value everywhere: y = value. */
export const constantOp = defineOp({
  name: 'constant',
  inputs: [],
  outputs: ['y'],
  infer: (
    _,
    { shape, dtype }: { readonly value: number; readonly shape: readonly number[]; readonly dtype: DType },
  ) => ({ y: { shape, dtype } }),
  reference: (_, { shape, value }) => ({ y: { shape, data: new Float64Array(product(shape)).fill(value) } }),
});

export const constant = (
  trace: Trace,
  the: { readonly value: number; readonly shape: readonly number[]; readonly dtype: DType },
): Tensor => record(trace, constantOp, {}, the).y;
