import {
  add,
  constant,
  type DType,
  type Graph,
  gradient,
  gradientScale,
  input,
  multiply,
  squaredSum,
  type Tensor,
  type Trace,
  trace,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import { type GptConfig, gptLoss, gptParameters, type ParameterSpec, type Parameters } from '../models/index.js';
import { type OptimiserConfig, stateNames, update } from './optimiser.js';

// B sequences, T tokens of each
/** What fixes the graphs of a training run. */
export interface StepShape {
  readonly model: GptConfig;
  readonly optimiser: OptimiserConfig;
  readonly sequences: number;
  readonly length: number;
  /** Largest global gradient norm; 0 does not clip. */
  readonly clip: number;
  readonly seed: number;
  /** Whether batches say where their documents begin, so that packed documents do not see each other. */
  readonly packed: boolean;
}

const vectorOf = (trace: Trace, name: string, shape: readonly number[], dtype: DType): Tensor =>
  input(trace, name, { dtype, shape });

/** The batch's inputs, by the names that `Batch` fills. */
function batchInputs(building: Trace, { sequences, length, packed, model, seed }: StepShape) {
  const ids = (name: string, shape: readonly number[]): Tensor => vectorOf(building, name, shape, 'int32');
  return {
    tokens: ids('tokens', [sequences, length]),
    positions: ids('positions', [sequences, length]),
    targets: ids('targets', [sequences * length]),
    weights: vectorOf(building, 'weights', [sequences * length], 'float32'),
    ...(packed ? { starts: ids('starts', [sequences, length]) } : {}),
    ...(model.dropout > 0 ? { dropout: { step: ids('step', []), seed } } : {}),
  };
}

const parameterInputs = (building: Trace, specs: readonly ParameterSpec[]): Parameters =>
  new Map(specs.map(({ path, shape }) => [path, vectorOf(building, `parameter:${path}`, shape, 'float32')]));

/** Loss and gradients of one micro-batch; the seed of the backward pass is the loss scale. */
function lossAndGradients(building: Trace, shape: StepShape, specs: readonly ParameterSpec[]) {
  const parameters = parameterInputs(building, specs);
  const { loss } = gptLoss(shape.model, parameters, batchInputs(building, shape));
  const lossScale = vectorOf(building, 'lossScale', [], 'float32');
  const wrt = [...parameters.values()];
  const gradients = gradient(loss, wrt, lossScale).map((value, i) => {
    const parameter = wrt[i];
    invariant(parameter !== undefined, 'a gradient belongs to a parameter');
    return value ?? constant(building, { value: 0, shape: parameter.shape, dtype: 'float32' });
  });
  return { parameters, loss, lossScale, gradients };
}

/** Clips, then updates every parameter and state; gives the graph's update pairs and the global norm. */
function applyUpdates(
  building: Trace,
  shape: StepShape,
  specs: readonly ParameterSpec[],
  the: {
    readonly parameters: Parameters;
    readonly gradients: readonly Tensor[];
    readonly loss: Tensor;
    readonly lossScale: Tensor;
  },
) {
  const squares = the.gradients.map(squaredSum).reduce((total, value) => add(total, value));
  const { norm, factor, applied } = gradientScale({ squares, loss: the.loss, lossScale: the.lossScale }, shape.clip);
  const inputs = {
    factor,
    applied,
    rates: vectorOf(building, 'rates', [3], 'float32'),
    matrixRate: vectorOf(building, 'matrixRate', [], 'float32'),
  };
  const updates = specs.flatMap((spec, i): readonly (readonly [Tensor, Tensor])[] => {
    const parameter = the.parameters.get(spec.path);
    const gradientOf = the.gradients[i];
    invariant(parameter !== undefined && gradientOf !== undefined, 'each parameter has a gradient');
    const state = stateNames(spec.role, shape.optimiser).map((name) =>
      vectorOf(building, `${name}:${spec.path}`, spec.shape, 'float32'),
    );
    const after = update(spec.role, parameter, gradientOf, state, inputs, shape.optimiser);
    return [
      [parameter, after.parameter],
      ...state.map((tensor, k): readonly [Tensor, Tensor] => [tensor, after.state[k] ?? tensor]),
    ];
  });
  return { norm, applied, updates };
}

/** A whole training step: loss, gradients, clipping and update in one graph. Outputs loss, norm, applied. */
export const trainingGraph = (shape: StepShape): Graph =>
  trace((building) => {
    const specs = gptParameters(shape.model);
    const the = lossAndGradients(building, shape, specs);
    const { norm, applied, updates } = applyUpdates(building, shape, specs, the);
    return { outputs: { loss: the.loss, norm, applied }, updates };
  });

/** Adds one micro-batch's gradients to buffers: `gradient:…` ← `gradient:…` + gradient; `total` ← `total` + loss. */
export const accumulationGraph = (shape: StepShape): Graph =>
  trace((building) => {
    const specs = gptParameters(shape.model);
    const { loss, gradients } = lossAndGradients(building, shape, specs);
    const total = vectorOf(building, 'total', [], 'float32');
    const updates = specs.map((spec, i): readonly [Tensor, Tensor] => {
      const sum = vectorOf(building, `gradient:${spec.path}`, spec.shape, 'float32');
      const value = gradients[i];
      invariant(value !== undefined, 'each parameter has a gradient');
      return [sum, add(sum, value)];
    });
    return { outputs: { loss }, updates: [...updates, [total, add(total, loss)]] };
  });

/** Applies accumulated gradients and clears their buffers. Outputs loss, norm, applied. */
export const applicationGraph = (shape: StepShape): Graph =>
  trace((building) => {
    const specs = gptParameters(shape.model);
    const parameters = parameterInputs(building, specs);
    const sums = specs.map((spec) => vectorOf(building, `gradient:${spec.path}`, spec.shape, 'float32'));
    const total = vectorOf(building, 'total', [], 'float32');
    const lossScale = vectorOf(building, 'lossScale', [], 'float32');
    const loss = multiply(total, 1);
    const { norm, applied, updates } = applyUpdates(building, shape, specs, {
      parameters,
      gradients: sums,
      loss,
      lossScale,
    });
    const cleared = [...sums, total].map((tensor): readonly [Tensor, Tensor] => [
      tensor,
      constant(building, { value: 0, shape: tensor.shape, dtype: 'float32' }),
    ]);
    return { outputs: { loss, norm, applied }, updates: [...updates, ...cleared] };
  });

/** Loss of every token of a batch, without gradients. Outputs losses [B·T] in nats. */
export const evaluationGraph = (shape: Omit<StepShape, 'optimiser' | 'clip'>): Graph =>
  trace((building) => {
    const model = { ...shape.model, dropout: 0 };
    const parameters = parameterInputs(building, gptParameters(model));
    const { losses } = gptLoss(
      model,
      parameters,
      batchInputs(building, { ...shape, model, optimiser: unused, clip: 0 }),
    );
    return { outputs: { losses } };
  });

const unused: OptimiserConfig = { kind: 'adamw', beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, momentum: 0 };
