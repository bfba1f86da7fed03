import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { subtract } from './subtract.js';
import { tanh } from './tanh.js';

const slope = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): GPT-2's GELU. Source: arXiv 1606.08415, §2. */
export const geluTanhOp = defineElementwise({
  name: 'geluTanh',
  inputs: ['x'],
  forward: (x) => 0.5 * x * (1 + Math.tanh(slope * (x + cubic * x * x * x))),
  gradient: ({ x, dy }) => {
    const square = multiply(x, x);
    const t = tanh(multiply(multiply(x, slope), add(1, multiply(square, cubic))));
    const inner = multiply(add(1, multiply(square, 3 * cubic)), slope);
    const rise = multiply(multiply(x, 0.5), multiply(subtract(1, multiply(t, t)), inner));
    return { x: multiply(dy, add(multiply(add(1, t), 0.5), rise)) };
  },
});
export const geluTanh = (x: Tensor): Tensor => unary(geluTanhOp, x);
