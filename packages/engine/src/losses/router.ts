import { divide } from '../ops/divide.js';
import { multiply } from '../ops/multiply.js';
import type { Routing } from '../ops/route.js';
import { sum } from '../ops/sum.js';
import type { Tensor } from '../trace/trace.js';

// N tokens, E experts
/**
 * Load-balancing loss of a router: E · Σₑ fₑ Pₑ, with fₑ the share of the choices that name expert e and Pₑ the mean of
 * its scores, a token's brought to sum 1. It is 1 where both are even; its gradient goes through P alone. → []
 * Source: Fedus et al. 2021, arXiv 2101.03961, eq. 4 to 6.
 */
export function loadBalancing({ probabilities, load }: Pick<Routing, 'probabilities' | 'load'>): Tensor {
  const [tokens, experts] = probabilities.shape;
  const shares = divide(probabilities, sum(probabilities, [1, 2], true));
  return multiply(sum(multiply(load, sum(shares, [0, 1]))), experts / Math.max(1, tokens));
}

/**
 * Router z-loss: the mean over tokens of (log Σ exp logits)², which keeps logits small. → []
 * Source: Zoph et al. 2022, arXiv 2202.08906, eq. 5.
 */
export const routerZ = ({ logSums }: Pick<Routing, 'logSums'>): Tensor =>
  multiply(sum(multiply(logSums, logSums)), 1 / Math.max(1, logSums.shape[0]));
