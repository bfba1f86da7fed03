import {
  adafactor,
  add,
  constant,
  divide,
  maximum,
  multiply,
  product,
  select,
  slice,
  sqrt,
  squaredSum,
  subtract,
  type Tensor,
} from '@octavo/engine';
import type { Optimiser, Update, UpdateInputs } from './optimiser.js';

/** Exponent of 1 − β₂ by the step; the least RMS of an estimate (float32's own); the least scale; the largest RMS of an update. */
const [exponent, epsilon, leastScale, clip] = [-0.8, 2 ** -23, 1e-3, 1];

const rms = (x: Tensor): Tensor => sqrt(divide(squaredSum(x), Math.max(1, product(x.shape))));

/** The rule for vectors, which keeps every second moment. */
function vectorUpdate(
  { parameter, gradient, states, scalars, factor, applied }: UpdateInputs,
  weightDecay: number,
): Update {
  const [second = parameter] = states;
  const [rate, rest] = [slice(scalars, 0, 0, 1), slice(scalars, 0, 1, 2)];
  const g = multiply(gradient, factor);
  const moved = add(second, multiply(subtract(multiply(g, g), second), rest));
  const floor = constant(parameter.trace, { value: epsilon * epsilon, shape: [], dtype: 'float32' });
  const update = divide(g, sqrt(maximum(moved, floor)));
  const scale = divide(maximum(rms(parameter), leastScale), maximum(divide(rms(update), clip), 1));
  const decayed = multiply(parameter, subtract(1, multiply(rate, weightDecay)));
  const stepped = subtract(decayed, multiply(update, multiply(rate, scale)));
  return { parameter: select(applied, stepped, parameter), states: [select(applied, moved, second)] };
}

/**
 * Adafactor: matrices keep second moments by row and column only; the rate is relative to the parameter's own scale and at
 * most 1/√t. Source: Shazeer and Stern 2018, arXiv 1804.04235, algorithms 4 and 5, in the form of torch.optim.Adafactor.
 */
export const adafactorOptimiser = ({ weightDecay }: { readonly weightDecay: number }): Optimiser => ({
  states: (shape) => {
    const [rows = 1, columns = 1] = shape;
    return shape.length === 2
      ? [
          { name: 'rows', shape: [rows], dtype: 'float32' },
          { name: 'columns', shape: [columns], dtype: 'float32' },
        ]
      : [{ name: 'second', shape, dtype: 'float32' }];
  },
  scalars: (step, rate) => [Math.min(rate, 1 / Math.sqrt(step + 1)), (step + 1) ** exponent],
  update: (the) => {
    const { parameter, gradient, states, scalars: rates, factor, applied } = the;
    const [rowState, columnState] = states;
    if (rowState === undefined || columnState === undefined) return vectorUpdate(the, weightDecay);
    const made = adafactor(
      { parameter, gradient, rowState, columnState, factor, applied, rates },
      { epsilon, leastScale, clip, weightDecay },
    );
    return { parameter: made.newParameter, states: [made.newRowState, made.newColumnState] };
  },
});
