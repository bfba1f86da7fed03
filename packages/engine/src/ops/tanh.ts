import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { subtract } from './subtract.js';

/** y = tanh x. */
export const tanhOp = defineElementwise({
  name: 'tanh',
  inputs: ['x'],
  forward: Math.tanh,
  gradient: ({ y, dy }) => ({ x: multiply(dy, subtract(1, multiply(y, y))) }),
});
export const tanh = (x: Tensor): Tensor => unary(tanhOp, x);
