import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { defineElementwise, unary } from './elementwise.js';
import { erf, erfOf } from './erf.js';
import { exp } from './exp.js';
import { multiply } from './multiply.js';

/** y = x Φ(x), with Φ the normal distribution. Source: Hendrycks and Gimpel 2016, arXiv 1606.08415. */
export const geluOp = defineElementwise({
  name: 'gelu',
  inputs: ['x'],
  forward: (x) => 0.5 * x * (1 + erfOf(x * Math.SQRT1_2)),
  gradient: ({ x, dy }) => {
    const below = multiply(add(1, erf(multiply(x, Math.SQRT1_2))), 0.5);
    const density = multiply(exp(multiply(multiply(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return { x: multiply(dy, add(below, multiply(x, density))) };
  },
});
export const gelu = (x: Tensor): Tensor => unary(geluOp, x);
