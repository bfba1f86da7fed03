import { add, divide, multiply } from '@octavo/engine';
import { type AdamChoices, adamwOptimiser } from './adamw.js';
import type { Optimiser, StateStorage } from './optimiser.js';

/** Adam: decay, if any, is part of the gradient. Source: Kingma and Ba 2014, arXiv 1412.6980, algorithm 1. */
export const adamOptimiser = ({ weightDecay, ...choices }: AdamChoices, storage: StateStorage): Optimiser => {
  const plain = adamwOptimiser({ ...choices, weightDecay: 0 }, storage);
  return weightDecay === 0
    ? plain
    : {
        ...plain,
        // The update multiplies by `factor` what it is given.
        update: (the) => {
          const decay = divide(multiply(the.parameter, weightDecay), the.factor);
          return plain.update({ ...the, gradient: add(the.gradient, decay) });
        },
      };
};
