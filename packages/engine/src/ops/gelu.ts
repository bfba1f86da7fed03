import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { erfOf } from './erf.js';
import { exp } from './exp.js';
import { multiply } from './multiply.js';
import { subtract } from './subtract.js';

const below = (x: number): number => 0.5 * (1 + erfOf(x * Math.SQRT1_2));
const density = 1 / Math.sqrt(2 * Math.PI);

/** y = Φ(x) + x φ(x), with φ the density of the normal distribution; dy/dx = φ(x) (2 − x²). */
export const geluDerivativeOp = defineElementwise({
  name: 'geluDerivative',
  inputs: ['x'],
  forward: (x) => below(x) + x * Math.exp(-0.5 * x * x) * density,
  gradient: ({ x, dy }) => {
    const square = multiply(x, x);
    return { x: multiply(dy, multiply(multiply(exp(multiply(square, -0.5)), density), subtract(2, square))) };
  },
});
export const geluDerivative = (x: Tensor): Tensor => unary(geluDerivativeOp, x);

/** y = x Φ(x), with Φ the normal distribution. Source: Hendrycks and Gimpel 2016, arXiv 1606.08415. */
export const geluOp = defineElementwise({
  name: 'gelu',
  inputs: ['x'],
  forward: (x) => x * below(x),
  gradient: ({ x, dy }) => ({ x: multiply(dy, geluDerivative(x)) }),
});
export const gelu = (x: Tensor): Tensor => unary(geluOp, x);
