import { add } from '../ops/add.js';
import { castFull } from '../ops/cast.js';
import { exp } from '../ops/exp.js';
import { log } from '../ops/log.js';
import { maximum } from '../ops/maximum.js';
import { multiply } from '../ops/multiply.js';
import { relu } from '../ops/relu.js';
import { subtract } from '../ops/subtract.js';
import type { Tensor } from '../trace/trace.js';

/**
 * Binary cross-entropy of logits, element by element: p·y·log(1 + e⁻ˣ) + (1 − y)·log(1 + eˣ), with p = 1 by default.
 *   logits, targets: [.., L] with targets in [0, 1], positiveWeight: [L] or what broadcasts → [.., L] float32.
 * One label or many: each of L labels is a question of its own. Nothing overflows, and small losses keep their digits.
 */
export function binaryCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  positiveWeight: Tensor | number | undefined = undefined,
): Tensor {
  const x = castFull(logits);
  const positive = relu(x);
  const tail = log(add(1, exp(multiply(maximum(x, multiply(x, -1)), -1)))); // log(1 + e^−|x|)
  // relu(−x) as relu(x) − x: the slopes at 0, where untrained logits stand, are then ½ and −½.
  const ofPositive = multiply(targets, add(subtract(positive, x), tail));
  const weighted = positiveWeight === undefined ? ofPositive : multiply(ofPositive, positiveWeight);
  return add(weighted, multiply(subtract(1, targets), add(positive, tail)));
}
