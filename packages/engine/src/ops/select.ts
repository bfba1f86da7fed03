import { record, type Tensor } from '../trace/trace.js';
import { defineElementwise } from './elementwise.js';
import { multiply } from './multiply.js';
import { step } from './step.js';
import { subtract } from './subtract.js';

/** y = a where condition > 0, else b: what is not chosen may be NaN. */
export const selectOp = defineElementwise({
  name: 'select',
  inputs: ['condition', 'a', 'b'],
  forward: (condition, a, b) => (condition > 0 ? a : b),
  gradient: ({ condition, dy }) => ({
    a: multiply(dy, step(condition)),
    b: multiply(dy, subtract(1, step(condition))),
  }),
});
export const select = (condition: Tensor, a: Tensor, b: Tensor): Tensor =>
  record(a.trace, selectOp, { condition, a, b }, {}).y;
