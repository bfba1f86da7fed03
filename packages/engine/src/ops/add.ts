import type { Tensor } from '../trace/trace.js';
import { binary, defineElementwise } from './elementwise.js';

/** y = a + b, broadcasting. */
export const addOp = defineElementwise({
  name: 'add',
  inputs: ['a', 'b'],
  forward: (a, b) => a + b,
  gradient: ({ dy }) => ({ a: dy, b: dy }),
});
export const add = (a: Tensor | number, b: Tensor | number): Tensor => binary(addOp, a, b);
