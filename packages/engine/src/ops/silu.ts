import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { sigmoid } from './sigmoid.js';
import { subtract } from './subtract.js';

const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x));

/** y = s (1 + x (1 − s)) with s = σ(x); dy/dx = s (1 − s) (2 + x (1 − 2s)). */
export const siluDerivativeOp = defineElementwise({
  name: 'siluDerivative',
  inputs: ['x'],
  forward: (x) => sigmoidOf(x) * (1 + x * sigmoidOf(-x)),
  gradient: ({ x, dy }) => {
    const s = sigmoid(x);
    const rise = multiply(s, subtract(1, s));
    return { x: multiply(dy, multiply(rise, add(2, multiply(x, subtract(1, multiply(s, 2)))))) };
  },
});
export const siluDerivative = (x: Tensor): Tensor => unary(siluDerivativeOp, x);

/** y = x σ(x). Source: Elfwing et al. 2017, arXiv 1702.03118. */
export const siluOp = defineElementwise({
  name: 'silu',
  inputs: ['x'],
  forward: (x) => x / (1 + Math.exp(-x)),
  gradient: ({ x, dy }) => ({ x: multiply(dy, siluDerivative(x)) }),
});
export const silu = (x: Tensor): Tensor => unary(siluOp, x);
