import type { Tensor } from '../trace/trace.js';
import { defineElementwise, unary } from './elementwise.js';
import { multiply } from './multiply.js';
import { relu } from './relu.js';

/** y = max(x, 0)². Source: So et al. 2021 (Primer), arXiv 2109.08668. */
export const reluSquaredOp = defineElementwise({
  name: 'reluSquared',
  inputs: ['x'],
  forward: (x) => (x > 0 ? x * x : Number.isNaN(x) ? x : 0),
  gradient: ({ x, dy }) => ({ x: multiply(multiply(dy, relu(x)), 2) }),
});
export const reluSquared = (x: Tensor): Tensor => unary(reluSquaredOp, x);
