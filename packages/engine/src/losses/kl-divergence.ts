import { castFull } from '../ops/cast.js';
import { exp } from '../ops/exp.js';
import { multiply } from '../ops/multiply.js';
import { select } from '../ops/select.js';
import { subtract } from '../ops/subtract.js';
import { sum } from '../ops/sum.js';
import type { Tensor } from '../trace/trace.js';

/**
 * KL(P ‖ Q) = Σ P (log P − log Q) over the last axis, of log-probabilities as `logSoftmax` gives them.
 *   logP, logQ: [.., n] → [..] float32. Where P is 0 nothing is added, whatever Q.
 */
export function klDivergence(logP: Tensor, logQ: Tensor): Tensor {
  const [p, q] = [castFull(logP), castFull(logQ)];
  const probability = exp(p);
  const difference = select(probability, subtract(p, q), multiply(probability, 0));
  return sum(multiply(probability, difference), [logP.shape.length - 1, logP.shape.length]);
}
