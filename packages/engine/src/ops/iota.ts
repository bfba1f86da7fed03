import { record, type Tensor, type Trace } from '../trace/trace.js';
import { defineOp } from './define.js';

/** y[i] = i: int32 [n], below 2³¹. */
export const iotaOp = defineOp({
  name: 'iota',
  inputs: [],
  outputs: ['y'],
  infer: (_, { length }: { readonly length: number }) => ({ y: { dtype: 'int32', shape: [length] } as const }),
  reference: (_, { length }) => ({ y: { shape: [length], data: Float64Array.from({ length }, (_, i) => i) } }),
  parameters: (_, { length }) => [length],
});

export const iota = (trace: Trace, length: number): Tensor => record(trace, iotaOp, {}, { length }).y;
