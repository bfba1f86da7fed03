import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { subtract } from './subtract.js';

/** y = 1 / (1 + e⁻ˣ). */
export const sigmoidOp = defineElementwise({
  name: 'sigmoid',
  inputs: ['x'],
  forward: (x) => 1 / (1 + Math.exp(-x)),
  gradient: ({ y, dy }) => ({ x: multiply(dy, multiply(y, subtract(1, y))) }),
});
export const sigmoid = (x: Tensor): Tensor => unary(sigmoidOp, x);
