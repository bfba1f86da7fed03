import { exp } from '../ops/exp.js';
import { log } from '../ops/log.js';
import { maximum } from '../ops/maximum.js';
import { multiply } from '../ops/multiply.js';
import { subtract } from '../ops/subtract.js';
import type { Tensor } from '../trace/trace.js';

/** Below the smallest 1 − p that float32 tells from 0. */
const smallest = 1e-20;

/**
 * Focal loss: (1 − p)^γ · (−log p) for losses −log p, so that what is already known weighs less.
 *   losses: of tokens (`crossEntropy(…).losses`) or of labels (`binaryCrossEntropy`), any shape → the same shape.
 * Source: Lin et al. 2017, arXiv 1708.02002; its α is a weight of the caller's.
 */
export function focal(losses: Tensor, gamma: number): Tensor {
  const missing = subtract(1, exp(multiply(losses, -1)));
  if (gamma === 0) return losses;
  if (gamma === 1) return multiply(missing, losses);
  if (gamma === 2) return multiply(multiply(missing, missing), losses);
  return multiply(exp(multiply(log(maximum(missing, smallest)), gamma)), losses);
}
