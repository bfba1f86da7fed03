import { record, type Tensor } from '../trace/trace.js';
import { type DType, product } from '../types.js';
import { defineOp } from './define.js';

/** y = Σ x² over all elements, in float64 over fixed blocks, handed out as float32: a part of the global gradient norm. */
export const squaredSumOp = defineOp({
  name: 'squaredSum',
  inputs: ['x'],
  outputs: ['y'],
  infer: ({ x }) => ({ y: { dtype: x.dtype === 'float64' ? 'float64' : ('float32' satisfies DType), shape: [] } }),
  reference: ({ x }) => ({
    y: { shape: [], data: Float64Array.of(x.data.reduce((total, value) => total + value * value, 0)) },
  }),
  parameters: ({ x }) => [product(x.shape)],
});

export const squaredSum = (x: Tensor): Tensor => record(x.trace, squaredSumOp, { x }, {}).y;
