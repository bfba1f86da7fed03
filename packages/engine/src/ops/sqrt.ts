import type { Tensor } from '../trace/trace.js';
import { divide } from './divide.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';

/** y = √x. */
export const sqrtOp = defineElementwise({
  name: 'sqrt',
  inputs: ['x'],
  forward: Math.sqrt,
  gradient: ({ y, dy }) => ({ x: divide(multiply(dy, 0.5), y) }),
});
export const sqrt = (x: Tensor): Tensor => unary(sqrtOp, x);
