import { lion } from '@octavo/engine';
import { type Optimiser, roundingOf, type StateStorage, stepOf } from './optimiser.js';

export interface LionChoices {
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}

/** Lion: the sign of a mixed momentum. Source: Chen et al. 2023, arXiv 2302.06675, algorithm 2. */
export const lionOptimiser = (choices: LionChoices, storage: StateStorage): Optimiser => ({
  states: (shape) => [{ name: 'momentum', shape, dtype: storage.dtype }],
  scalars: (_, rate) => [rate],
  update: ({ parameter, gradient, states, scalars, factor, applied, step }) => {
    const [momentum = parameter] = states;
    const { newParameter, newMomentum } = lion(
      { parameter, gradient, momentum, factor, applied, rate: scalars, ...stepOf(storage, step) },
      { ...choices, ...roundingOf(storage) },
    );
    return { parameter: newParameter, states: [newMomentum] };
  },
});
