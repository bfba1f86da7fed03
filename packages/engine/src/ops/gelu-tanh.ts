import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { sigmoid } from './sigmoid.js';
import { subtract } from './subtract.js';

const slope = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;
const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x));
/** 2u of y = x σ(2u), and its derivative. */
const doubled = (x: number): number => 2 * slope * x * (1 + cubic * x * x);
const risen = (x: number): number => 2 * slope * (1 + 3 * cubic * x * x);

/**
 * y = s + x s (1 − s) v′ with v = 2√(2/π) (x + 0.044715 x³) and s = σ(v); dy/dx = s (1 − s) (2v′ + x ((1 − 2s) v′² + v″)).
 * By σ and not tanh: σ is exactly 1 where tanh may stop one bit short of it, and x³ would make that bit large.
 */
export const geluTanhDerivativeOp = defineElementwise({
  name: 'geluTanhDerivative',
  inputs: ['x'],
  forward: (x) => {
    const s = sigmoidOf(doubled(x));
    return s + x * s * sigmoidOf(-doubled(x)) * risen(x);
  },
  gradient: ({ x, dy }) => {
    const square = multiply(x, x);
    const s = sigmoid(multiply(multiply(x, 2 * slope), add(1, multiply(square, cubic))));
    const rise = multiply(add(1, multiply(square, 3 * cubic)), 2 * slope);
    const bend = multiply(subtract(1, multiply(s, 2)), multiply(rise, rise));
    const inner = add(multiply(rise, 2), multiply(x, add(bend, multiply(x, 12 * slope * cubic))));
    return { x: multiply(dy, multiply(multiply(s, subtract(1, s)), inner)) };
  },
});
export const geluTanhDerivative = (x: Tensor): Tensor => unary(geluTanhDerivativeOp, x);

/** y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): GPT-2's GELU. Source: arXiv 1606.08415, §2. */
export const geluTanhOp = defineElementwise({
  name: 'geluTanh',
  inputs: ['x'],
  forward: (x) => 0.5 * x * (1 + Math.tanh(slope * (x + cubic * x * x * x))),
  gradient: ({ x, dy }) => ({ x: multiply(dy, geluTanhDerivative(x)) }),
});
export const geluTanh = (x: Tensor): Tensor => unary(geluTanhOp, x);
