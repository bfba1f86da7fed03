import {
  add,
  constant,
  type DType,
  type Graph,
  gradient,
  input,
  multiply,
  type Tensor,
  type Trace,
  tensorOf,
  trace,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import {
  type BatchSize,
  type GptConfig,
  givenIn,
  gptLoss,
  gptParameters,
  inUse,
  type ModelFunction,
  type ParameterSpec,
  type Parameters,
  parameterInputs,
} from '../models/index.js';
import {
  assignOptimisers,
  averageOf,
  clipGradients,
  defaultOptimiser,
  movedAverage,
  type OptimiserConfig,
} from './optimisers/index.js';

// B sequences, T tokens of each
/** What fixes the graphs of a training run. */
export interface StepShape {
  readonly model: GptConfig;
  readonly optimiser: OptimiserConfig;
  readonly sequences: number;
  readonly length: number;
  /** Largest global gradient norm; 0 does not clip. */
  readonly clip: number;
  /** Largest magnitude of a gradient's element; 0 does not clip. */
  readonly clipValue: number;
  readonly seed: number;
  /** Whether batches say where their documents begin, so that packed documents do not see each other. */
  readonly packed: boolean;
}

type UpdateShape = Pick<StepShape, 'optimiser' | 'clip' | 'clipValue' | 'seed'>;

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

/** What is trained: of parameters, the loss that is told and the objective that is made small. */
type LossOf = (parameters: Parameters) => { readonly loss: Tensor; readonly objective: Tensor };

const lossOfGpt =
  (building: Trace, shape: StepShape): LossOf =>
  (parameters) =>
    gptLoss(shape.model, parameters, batchInputs(building, shape));

/** Loss and gradients of one micro-batch; the seed of the backward pass is the loss scale. */
function lossAndGradients(building: Trace, specs: readonly ParameterSpec[], lossOf: LossOf) {
  const parameters = parameterInputs(building, specs);
  const { loss, objective } = lossOf(parameters);
  const lossScale = vectorOf(building, 'lossScale', [], 'float32');
  const wrt = [...parameters.values()];
  const gradients = gradient(objective, wrt, lossScale).map((value, i) => {
    const parameter = wrt[i];
    invariant(parameter !== undefined, 'a gradient belongs to a parameter');
    return value ?? constant(building, { value: 0, shape: parameter.shape, dtype: 'float32' });
  });
  return { parameters, loss, lossScale, gradients };
}

/** An input that a graph may have already. */
const sharedInput = (building: Trace, name: string, shape: readonly number[], dtype: DType): Tensor => {
  const known = building.inputs.find((other) => other.name === name);
  return known === undefined ? vectorOf(building, name, shape, dtype) : tensorOf(building, known.value);
};

/** Clips, then updates every parameter, state and average; gives the graph's update pairs and the global norm. */
function applyUpdates(
  building: Trace,
  shape: UpdateShape,
  specs: readonly ParameterSpec[],
  the: {
    readonly parameters: Parameters;
    readonly gradients: readonly Tensor[];
    readonly loss: Tensor;
    readonly lossScale: Tensor;
  },
) {
  const { gradients, norm, factor, applied } = clipGradients(the.gradients, the, {
    norm: shape.clip,
    value: shape.clipValue,
  });
  const step = sharedInput(building, 'step', [], 'int32');
  const assigned = assignOptimisers(specs, shape.optimiser, shape.seed);
  const updates = specs.flatMap((spec, i): readonly (readonly [Tensor, Tensor])[] => {
    const parameter = the.parameters.get(spec.path);
    const [gradientOf, own] = [gradients[i], assigned[i]];
    invariant(
      parameter !== undefined && gradientOf !== undefined && own !== undefined,
      'each parameter has a gradient',
    );
    const { optimiser, ratesName } = own;
    const scalars = sharedInput(building, ratesName, [optimiser.scalars(0, 0).length], 'float32');
    const states = optimiser
      .states(spec.shape)
      .map(({ name, shape: of, dtype }) => vectorOf(building, `${name}:${spec.path}`, of, dtype));
    const after = optimiser.update({ parameter, gradient: gradientOf, states, scalars, factor, applied, step });
    const pairs: (readonly [Tensor, Tensor])[] = [
      [parameter, after.parameter],
      ...states.map((tensor, k): readonly [Tensor, Tensor] => [tensor, after.states[k] ?? tensor]),
    ];
    if (shape.optimiser.average > 0) {
      const average = vectorOf(building, averageOf(spec.path), spec.shape, 'float32');
      const rate = sharedInput(building, 'averageRate', [], 'float32');
      pairs.push([average, movedAverage(average, after.parameter, rate, applied)]);
    }
    return pairs;
  });
  return { norm, applied, updates };
}

function wholeStep(building: Trace, shape: UpdateShape, specs: readonly ParameterSpec[], lossOf: LossOf) {
  const the = lossAndGradients(building, specs, lossOf);
  const { norm, applied, updates } = applyUpdates(building, shape, specs, the);
  return { outputs: { loss: the.loss, norm, applied }, updates };
}

/** A whole training step: loss, gradients, clipping and update in one graph. Outputs loss, norm, applied. */
export const trainingGraph = (shape: StepShape): Graph =>
  trace((building) => wholeStep(building, shape, gptParameters(shape.model), lossOfGpt(building, shape)));

/** The same of any model of the room, over a batch of `size`. */
export const trainingGraphOf = (model: ModelFunction, size: BatchSize, shape: UpdateShape): Graph =>
  trace((building) =>
    wholeStep(building, shape, model.parameters, (parameters) => {
      const loss = model.loss(parameters, givenIn(building, model.inputs(size)));
      return { loss, objective: loss };
    }),
  );

/** Adds one micro-batch's gradients to buffers: `gradient:…` ← `gradient:…` + gradient; `total` ← `total` + loss. */
export const accumulationGraph = (shape: StepShape): Graph =>
  trace((building) => {
    const specs = gptParameters(shape.model);
    const { loss, gradients } = lossAndGradients(building, specs, lossOfGpt(building, shape));
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
export const evaluationGraph = (shape: Omit<StepShape, 'optimiser' | 'clip' | 'clipValue'>): Graph =>
  trace((building) => {
    const model = inUse(shape.model);
    const parameters = parameterInputs(building, gptParameters(model));
    const inputs = batchInputs(building, { ...shape, model, optimiser: defaultOptimiser, clip: 0, clipValue: 0 });
    return { outputs: { losses: gptLoss(model, parameters, inputs).losses } };
  });
