import { OctavoError } from '../error.js';
import { add } from '../ops/add.js';
import { constant } from '../ops/constant.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { divide } from '../ops/divide.js';
import { iota } from '../ops/iota.js';
import { multiply } from '../ops/multiply.js';
import { rmsNorm } from '../ops/rms-norm.js';
import type { Tensor } from '../trace/trace.js';
import { showType } from '../types.js';

// N pairs, M keys, D width
/** Vectors of length 1: x / √(Σx² + D·1e-12). */
function normalised(x: Tensor): Tensor {
  const width = x.shape[1];
  return rmsNorm(x, constant(x.trace, { value: width ** -0.5, shape: [width], dtype: x.dtype }), 1e-12);
}

/** Mean over queries of −log softmax(q · keysᵀ / τ) at the key of the same row. */
function oneWay(queries: Tensor, keys: Tensor, temperature: Tensor | number): Tensor {
  const { trace, dtype, shape } = queries;
  return crossEntropy({
    x: divide(queries, temperature),
    weight: keys,
    targets: iota(trace, shape[0]),
    weights: constant(trace, { value: 1 / Math.max(1, shape[0]), shape: [shape[0]], dtype }),
  }).loss;
}

/**
 * In-batch contrastive loss (InfoNCE): row n of `keys` belongs to row n of `queries`, all other rows are negatives.
 *   queries: [N, D], keys: [M, D] with M ≥ N (the rest are hard negatives), temperature: a number or [] → loss: [].
 * Vectors are brought to length 1. `symmetric`: half the loss from keys to queries, M = N.
 * It is a cross-entropy over the keys, so the N × M scores are never in memory at once. Errors: SHAPE_MISMATCH.
 * Sources: van den Oord et al. 2018, arXiv 1807.03748; Radford et al. 2021, arXiv 2103.00020 (symmetric).
 */
export function contrastive(
  queries: Tensor,
  keys: Tensor,
  {
    temperature = 0.07,
    symmetric = false,
  }: { readonly temperature?: Tensor | number; readonly symmetric?: boolean } = {},
): Tensor {
  const [n, width] = queries.shape;
  const [m, other] = keys.shape;
  if (width !== other || m < n || (symmetric && m !== n))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[contrastive] queries [N, D], keys [M, D], M ≥ N${symmetric ? ', M = N' : ''}; received ${showType(queries)} and ${showType(keys)}`,
    });
  const [q, k] = [normalised(queries), normalised(keys)];
  const forth = oneWay(q, k, temperature);
  return symmetric ? multiply(add(forth, oneWay(k, q, temperature)), 0.5) : forth;
}
