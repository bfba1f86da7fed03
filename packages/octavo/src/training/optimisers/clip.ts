import { add, gradientScale, maximum, minimum, multiply, squaredSum, type Tensor } from '@octavo/engine';

export interface Clipping {
  /** Largest global norm; 0 does not clip. */
  readonly norm: number;
  /** Largest magnitude of an element; 0 does not clip. */
  readonly value: number;
}

const squaresOf = (gradients: readonly Tensor[]): Tensor =>
  gradients.map(squaredSum).reduce((total, value) => add(total, value));

/**
 * Clips each element, then the norm of all; an update is applied where the gradients were finite before that.
 * Gradients carry the loss scale: the limit of an element is scaled with them. Source: Pascanu et al. 2012, arXiv 1211.5063.
 */
export function clipGradients(
  gradients: readonly Tensor[],
  { loss, lossScale }: { readonly loss: Tensor; readonly lossScale: Tensor },
  { norm: most, value }: Clipping,
): { readonly gradients: readonly Tensor[]; readonly norm: Tensor; readonly factor: Tensor; readonly applied: Tensor } {
  const raw = squaresOf(gradients);
  if (value === 0) return { gradients, ...gradientScale({ squares: raw, loss, lossScale }, most) };
  const { applied } = gradientScale({ squares: raw, loss, lossScale }, 0);
  const [high, low] = [multiply(lossScale, value), multiply(lossScale, -value)];
  const clipped = gradients.map((gradient) => maximum(minimum(gradient, high), low));
  const { norm, factor } = gradientScale({ squares: squaresOf(clipped), loss, lossScale }, most);
  return { gradients: clipped, norm, factor, applied };
}
