import type { Tensor } from '../trace/trace.js';
import { binary, defineElementwise } from './elementwise.js';

/** y = a ⊙ b, broadcasting. */
export const multiplyOp = defineElementwise({
  name: 'multiply',
  inputs: ['a', 'b'],
  forward: (a, b) => a * b,
  gradient: ({ a, b, dy }) => ({ a: multiply(dy, b), b: multiply(dy, a) }),
});
export const multiply = (a: Tensor | number, b: Tensor | number): Tensor => binary(multiplyOp, a, b);
