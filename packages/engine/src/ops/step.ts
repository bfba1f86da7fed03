import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';

/** y = 1 where x > 0, else 0; its gradient is 0 wherever it has one. */
export const stepOp = defineElementwise({
  name: 'step',
  inputs: ['x'],
  forward: (x) => (x > 0 ? 1 : 0),
  gradient: () => ({}),
});
export const step = (x: Tensor): Tensor => unary(stepOp, x);
