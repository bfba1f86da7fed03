import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { sigmoid } from './sigmoid.js';
import { subtract } from './subtract.js';

const slope = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): GPT-2's GELU. Source: arXiv 1606.08415, §2. */
export const geluTanhOp = defineElementwise({
  name: 'geluTanh',
  inputs: ['x'],
  forward: (x) => 0.5 * x * (1 + Math.tanh(slope * (x + cubic * x * x * x))),
  // By y = x σ(2u): σ is exactly 1 where tanh may stop one bit short of it, and x³ would make that bit large.
  gradient: ({ x, dy }) => {
    const square = multiply(x, x);
    const s = sigmoid(multiply(multiply(x, 2 * slope), add(1, multiply(square, cubic))));
    const inner = multiply(add(1, multiply(square, 3 * cubic)), 2 * slope);
    const rise = multiply(x, multiply(multiply(s, subtract(1, s)), inner));
    return { x: multiply(dy, add(s, rise)) };
  },
});
export const geluTanh = (x: Tensor): Tensor => unary(geluTanhOp, x);
