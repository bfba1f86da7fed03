import type { Tensor } from '../trace/trace.js';
import { binary, defineElementwise } from './elementwise.js';
import { multiply } from './multiply.js';
import { step } from './step.js';
import { subtract } from './subtract.js';

/** y = min(a, b), broadcasting; the gradient goes to a where a < b, else to b, as does the value where a is NaN. */
export const minimumOp = defineElementwise({
  name: 'minimum',
  inputs: ['a', 'b'],
  // biome-ignore lint/complexity/useMathMinMax: Math.min would give NaN where a is NaN, the kernel's comparison gives b.
  forward: (a, b) => (a < b ? a : b),
  gradient: ({ a, b, dy }) => {
    const left = step(subtract(b, a));
    return { a: multiply(dy, left), b: multiply(dy, subtract(1, left)) };
  },
});
export const minimum = (a: Tensor | number, b: Tensor | number): Tensor => binary(minimumOp, a, b);
