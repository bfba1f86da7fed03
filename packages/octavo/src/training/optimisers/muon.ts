import {
  add,
  cast,
  divide,
  matmul,
  multiply,
  select,
  sqrt,
  squaredSum,
  subtract,
  sum,
  type Tensor,
} from '@octavo/engine';
import type { Optimiser } from './optimiser.js';

const [a, b, c] = [3.4445, -4.775, 2.0315];
const iterations = 5;

/** ‖X‖: of a matrix [], of each matrix of a stack [.., 1, 1]. */
function norm(x: Tensor): Tensor {
  const axes = x.shape.length;
  return sqrt(axes === 2 ? squaredSum(x) : sum(multiply(x, x), [axes - 2, axes], true));
}

/**
 * An approximate polar factor of a matrix [R, C], or of each of a stack [.., R, C]: five Newton–Schulz steps X ← aX + (bA + cA²)X with A = XXᵀ, from X / ‖X‖.
 * Works on the smaller side. Source: Jordan et al. 2024, 'Muon: an optimizer for hidden layers in neural networks'.
 */
export function orthogonalise(matrix: Tensor): Tensor {
  const [rows = 1, columns = 1] = matrix.shape.slice(-2);
  const tall = rows > columns;
  let x = divide(matrix, add(norm(matrix), 1e-7));
  for (let i = 0; i < iterations; i++) {
    const gram = matmul(x, x, { transposeA: tall, transposeB: !tall });
    const inner = add(multiply(gram, b), multiply(matmul(gram, gram), c));
    x = add(multiply(x, a), tall ? matmul(x, inner) : matmul(inner, x));
  }
  return x;
}

export interface MuonChoices {
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Muon, for matrices and stacks of them: Nesterov momentum in float32, orthogonalised, scaled by √max(1, rows/columns). */
export const muonOptimiser = ({ momentum: mu, weightDecay }: MuonChoices): Optimiser => ({
  states: (shape) => [{ name: 'momentum', shape, dtype: 'float32' }],
  scalars: (_, rate) => [rate],
  update: ({ parameter, gradient, states, scalars, factor, applied }) => {
    const [momentum = parameter] = states;
    const [rows = 1, columns = 1] = parameter.shape.slice(-2);
    const fresh = multiply(gradient, factor);
    const moved = add(multiply(momentum, mu), fresh);
    const direction = cast(orthogonalise(add(multiply(moved, mu), fresh)), parameter.dtype);
    const decayed = multiply(parameter, subtract(1, multiply(scalars, weightDecay)));
    const stepped = subtract(decayed, multiply(direction, multiply(scalars, Math.sqrt(Math.max(1, rows / columns)))));
    return { parameter: select(applied, stepped, parameter), states: [select(applied, moved, momentum)] };
  },
});
