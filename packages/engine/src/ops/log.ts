import type { Tensor } from '../trace/trace.js';
import { divide } from './divide.js';
import { defineElementwise, unary } from './elementwise.js';

/** y = ln x. */
export const logOp = defineElementwise({
  name: 'log',
  inputs: ['x'],
  forward: Math.log,
  gradient: ({ x, dy }) => ({ x: divide(dy, x) }),
});
export const log = (x: Tensor): Tensor => unary(logOp, x);
