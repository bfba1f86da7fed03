import { add, multiply, select, sgd, subtract } from '@octavo/engine';
import { type Optimiser, roundingOf, type StateStorage, stepOf } from './optimiser.js';

export interface SgdChoices {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Part of the gradient. */
  readonly weightDecay: number;
}

/**
 * Gradient descent, with a momentum unless it is 0. Source: Sutskever et al. 2013, 'On the importance of initialization and
 * momentum in deep learning', in the form of torch.optim.SGD without dampening.
 */
export const sgdOptimiser = (choices: SgdChoices, storage: StateStorage): Optimiser => ({
  states: (shape) => (choices.momentum === 0 ? [] : [{ name: 'momentum', shape, dtype: storage.dtype }]),
  scalars: (_, rate) => [rate],
  update: ({ parameter, gradient, states: [momentum], scalars, factor, applied, step }) => {
    if (momentum === undefined) {
      const moved = add(multiply(gradient, factor), multiply(parameter, choices.weightDecay));
      return { parameter: select(applied, subtract(parameter, multiply(moved, scalars)), parameter), states: [] };
    }
    const { newParameter, newMomentum } = sgd(
      { parameter, gradient, momentum, factor, applied, rate: scalars, ...stepOf(storage, step) },
      { ...choices, ...roundingOf(storage) },
    );
    return { parameter: newParameter, states: [newMomentum] };
  },
});
