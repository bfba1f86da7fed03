import { castFull } from '../ops/cast.js';
import { maximum } from '../ops/maximum.js';
import { multiply } from '../ops/multiply.js';
import { subtract } from '../ops/subtract.js';
import type { Tensor } from '../trace/trace.js';

/** (x − y)², element by element, float32. */
export function squaredError(x: Tensor, y: Tensor): Tensor {
  const difference = subtract(castFull(x), castFull(y));
  return multiply(difference, difference);
}

/**
 * Huber loss, element by element: d²/2 for |d| ≤ δ, else δ(|d| − δ/2), with d = x − y; float32.
 * Source: Huber 1964, 'Robust estimation of a location parameter'.
 */
export function huber(x: Tensor, y: Tensor, delta = 1): Tensor {
  const difference = subtract(castFull(x), castFull(y));
  const size = maximum(difference, multiply(difference, -1));
  const near = multiply(maximum(multiply(size, -1), -delta), -1); // min(|d|, δ)
  return multiply(near, subtract(size, multiply(near, 0.5)));
}
