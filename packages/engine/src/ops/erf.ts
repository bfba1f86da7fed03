import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { exp } from './exp.js';
import { multiply } from './multiply.js';

/** erf by its Maclaurin series below 3 and by the continued fraction of erfc above, to 1e-15. */
export function erfOf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = z;
    let total = z;
    for (let n = 1; Math.abs(term) > 1e-17 * total; n++) {
      term *= (-z * z) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  let fraction = z;
  for (let k = 80; k >= 1; k--) fraction = z + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (fraction * Math.sqrt(Math.PI)));
}

/** y = erf x. Source of the series: Abramowitz and Stegun 1964, 7.1.5 and 7.1.14. */
export const erfOp = defineElementwise({
  name: 'erf',
  inputs: ['x'],
  forward: erfOf,
  gradient: ({ x, dy }) => ({ x: multiply(dy, multiply(exp(multiply(multiply(x, x), -1)), 2 / Math.sqrt(Math.PI))) }),
});
export const erf = (x: Tensor): Tensor => unary(erfOp, x);
