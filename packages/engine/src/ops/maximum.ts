import type { Tensor } from '../trace/trace.js';
import { binary, defineElementwise } from './elementwise.js';
import { multiply } from './multiply.js';
import { step } from './step.js';
import { subtract } from './subtract.js';

/** y = max(a, b), broadcasting; the gradient goes to a where a > b, else to b. */
export const maximumOp = defineElementwise({
  name: 'maximum',
  inputs: ['a', 'b'],
  // biome-ignore lint/complexity/useMathMinMax: Math.max would give NaN where a is NaN, the kernel's comparison gives b.
  forward: (a, b) => (a > b ? a : b),
  gradient: ({ a, b, dy }) => {
    const left = step(subtract(a, b));
    return { a: multiply(dy, left), b: multiply(dy, subtract(1, left)) };
  },
});
export const maximum = (a: Tensor | number, b: Tensor | number): Tensor => binary(maximumOp, a, b);
