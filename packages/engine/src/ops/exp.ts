import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';

/** y = eˣ. */
export const expOp = defineElementwise({
  name: 'exp',
  inputs: ['x'],
  forward: Math.exp,
  gradient: ({ y, dy }) => ({ x: multiply(dy, y) }),
});
export const exp = (x: Tensor): Tensor => unary(expOp, x);
