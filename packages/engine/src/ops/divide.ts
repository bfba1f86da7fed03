import type { Tensor } from '../trace/trace.js';
import { binary, defineElementwise } from './elementwise.js';
import { multiply } from './multiply.js';

/** y = a / b, broadcasting. */
export const divideOp = defineElementwise({
  name: 'divide',
  inputs: ['a', 'b'],
  forward: (a, b) => a / b,
  gradient: ({ b, y, dy }) => ({ a: divide(dy, b), b: multiply(divide(multiply(dy, y), b), -1) }),
});
export const divide = (a: Tensor | number, b: Tensor | number): Tensor => binary(divideOp, a, b);
