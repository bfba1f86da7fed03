import { adamw, reshape } from '@octavo/engine';
import { type Optimiser, roundingOf, type StateStorage, stepOf } from './optimiser.js';

export interface AdamChoices {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** AdamW: decay apart from the gradient. Source: Loshchilov and Hutter 2017, arXiv 1711.05101, algorithm 2. */
export const adamwOptimiser = (choices: AdamChoices, storage: StateStorage): Optimiser => ({
  states: (shape) => ['first', 'second'].map((name) => ({ name, shape, dtype: storage.dtype })),
  scalars: (step, rate) => [rate, 1 - choices.beta1 ** (step + 1), 1 - choices.beta2 ** (step + 1)],
  update: ({ parameter, gradient, states, scalars, factor, applied, step }) => {
    const [first = parameter, second = parameter] = states;
    const { newParameter, newFirst, newSecond } = adamw(
      {
        parameter,
        gradient: reshape(gradient, parameter.shape),
        first,
        second,
        factor,
        applied,
        rates: scalars,
        ...stepOf(storage, step),
      },
      { ...choices, ...roundingOf(storage) },
    );
    return { parameter: newParameter, states: [newFirst, newSecond] };
  },
});
