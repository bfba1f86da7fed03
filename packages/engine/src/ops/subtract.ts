import type { Tensor } from '../trace/trace.js';
import { binary, defineElementwise } from './elementwise.js';
import { multiply } from './multiply.js';

/** y = a − b, broadcasting. */
export const subtractOp = defineElementwise({
  name: 'subtract',
  inputs: ['a', 'b'],
  forward: (a, b) => a - b,
  gradient: ({ dy }) => ({ a: dy, b: multiply(dy, -1) }),
});
export const subtract = (a: Tensor | number, b: Tensor | number): Tensor => binary(subtractOp, a, b);
