import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { sigmoid } from './sigmoid.js';
import { subtract } from './subtract.js';

/** y = x σ(x). Source: Elfwing et al. 2017, arXiv 1702.03118. */
export const siluOp = defineElementwise({
  name: 'silu',
  inputs: ['x'],
  forward: (x) => x / (1 + Math.exp(-x)),
  gradient: ({ x, dy }) => {
    const s = sigmoid(x);
    return { x: multiply(dy, multiply(s, add(1, multiply(x, subtract(1, s))))) };
  },
});
export const silu = (x: Tensor): Tensor => unary(siluOp, x);
