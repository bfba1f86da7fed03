import {
  adamw,
  add,
  cast,
  constant,
  divide,
  matmul,
  multiply,
  reshape,
  select,
  sqrt,
  squaredSum,
  subtract,
  type Tensor,
} from '@octavo/engine';

/** Choices of the optimisers; rates change by step and come as graph inputs. */
export interface OptimiserConfig {
  /** `muon` trains the matrices of blocks by Muon and all else by AdamW. */
  readonly kind: 'adamw' | 'muon';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay, on matrices and embeddings only. */
  readonly weightDecay: number;
  readonly momentum: number;
}

/** What an update reads beside the gradient: scalars made once a step. */
export interface UpdateInputs {
  readonly factor: Tensor;
  readonly applied: Tensor;
  /** [3]: AdamW's learning rate, 1 − β₁ᵗ, 1 − β₂ᵗ. */
  readonly rates: Tensor;
  /** []: Muon's learning rate. */
  readonly matrixRate: Tensor;
}

const [a, b, c] = [3.4445, -4.775, 2.0315];
const iterations = 5;

/**
 * An approximate polar factor of a matrix: five Newton–Schulz steps X ← aX + (bA + cA²)X with A = XXᵀ, from X / ‖X‖.
 * Works on the smaller side. Source: Jordan et al. 2024, 'Muon: an optimizer for hidden layers in neural networks'.
 */
export function orthogonalise(matrix: Tensor): Tensor {
  const [rows = 1, columns = 1] = matrix.shape;
  const tall = rows > columns;
  let x = divide(matrix, add(sqrt(squaredSum(matrix)), 1e-7));
  for (let i = 0; i < iterations; i++) {
    const gram = matmul(x, x, { transposeA: tall, transposeB: !tall });
    const inner = add(multiply(gram, b), multiply(matmul(gram, gram), c));
    x = add(multiply(x, a), tall ? matmul(x, inner) : matmul(inner, x));
  }
  return x;
}

/** One parameter with its gradient and its state, and what they become. */
export interface Update {
  readonly parameter: Tensor;
  readonly state: readonly Tensor[];
}

/** Muon: Nesterov momentum, orthogonalised, scaled by √max(1, rows/columns); nothing changes where `applied` is 0. */
function muonUpdate(
  parameter: Tensor,
  gradient: Tensor,
  momentum: Tensor,
  inputs: UpdateInputs,
  config: OptimiserConfig,
): Update {
  const [rows = 1, columns = 1] = parameter.shape;
  const fresh = multiply(gradient, inputs.factor);
  const moved = add(multiply(momentum, config.momentum), fresh);
  const direction = cast(orthogonalise(add(multiply(moved, config.momentum), fresh)), parameter.dtype);
  const decayed = multiply(parameter, subtract(1, multiply(inputs.matrixRate, config.weightDecay)));
  const stepped = subtract(
    decayed,
    multiply(direction, multiply(inputs.matrixRate, Math.sqrt(Math.max(1, rows / columns)))),
  );
  return { parameter: select(inputs.applied, stepped, parameter), state: [select(inputs.applied, moved, momentum)] };
}

/** The optimiser states of a parameter, by name. */
export const stateNames = (role: 'matrix' | 'embedding' | 'vector', config: OptimiserConfig): readonly string[] =>
  config.kind === 'muon' && role === 'matrix' ? ['momentum'] : ['first', 'second'];

/** Appends one parameter's update to the graph. */
export function update(
  role: 'matrix' | 'embedding' | 'vector',
  parameter: Tensor,
  gradient: Tensor,
  state: readonly Tensor[],
  inputs: UpdateInputs,
  config: OptimiserConfig,
): Update {
  const [first, second] = state;
  if (first !== undefined && second === undefined) return muonUpdate(parameter, gradient, first, inputs, config);
  const zero = (): Tensor => constant(parameter.trace, { value: 0, shape: parameter.shape, dtype: parameter.dtype });
  const { newParameter, newFirst, newSecond } = adamw(
    {
      parameter,
      gradient: reshape(gradient, parameter.shape),
      first: first ?? zero(),
      second: second ?? zero(),
      factor: inputs.factor,
      applied: inputs.applied,
      rates: inputs.rates,
    },
    {
      beta1: config.beta1,
      beta2: config.beta2,
      epsilon: config.epsilon,
      weightDecay: role === 'vector' ? 0 : config.weightDecay,
    },
  );
  return { parameter: newParameter, state: [newFirst, newSecond] };
}
