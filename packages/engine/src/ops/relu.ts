import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { step } from './step.js';

/** y = max(x, 0). */
export const reluOp = defineElementwise({
  name: 'relu',
  inputs: ['x'],
  forward: (x) => (Number.isNaN(x) ? x : Math.max(x, 0)),
  gradient: ({ x, dy }) => ({ x: multiply(dy, step(x)) }),
});
export const relu = (x: Tensor): Tensor => unary(reluOp, x);
