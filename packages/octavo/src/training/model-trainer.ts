/** Trains any model function: what models other than the GPTs of a run are trained, tested and raced with. */
import {
  adamw,
  add,
  type Backend,
  type DeviceBuffer,
  type Executable,
  type Graph,
  gradient,
  gradientScale,
  type HostArray,
  input,
  type Precision,
  reshape,
  squaredSum,
  type Tensor,
  type TensorType,
  trace,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import { initialValues, type ParameterSpec, type Parameters } from '../models/index.js';

/** A model as functions, and what fixes its step. */
export interface ModelTraining {
  readonly backend: Backend;
  readonly parameters: readonly ParameterSpec[];
  readonly seed: number;
  /** What each step is given beside parameters, by name. */
  readonly inputs: Readonly<Record<string, TensorType>>;
  /** Parameters by path and inputs by name → the loss: []. */
  readonly loss: (parameters: Parameters, inputs: Readonly<Record<string, Tensor>>) => Tensor;
  readonly precision?: Precision;
}

export interface ModelTrainer {
  readonly executable: Executable;
  /** By path. */
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
  /** One step over a batch, by the names of `inputs`; the loss before its update. Steps count from 0. */
  readonly step: (
    batch: Readonly<Record<string, HostArray>>,
    the: { readonly step: number; readonly learningRate: number },
  ) => Promise<number>;
}

const [beta1, beta2, largestNorm] = [0.9, 0.95, 1];

/** Loss, gradients, clipping by the global norm and AdamW in one graph. */
const stepGraph = ({ parameters: specs, inputs, loss: lossOf }: ModelTraining): Graph =>
  trace((t) => {
    const float = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'float32', shape });
    const named = specs.map((spec) => ({ spec, parameter: float(`parameter:${spec.path}`, spec.shape) }));
    const given = Object.entries(inputs).map(([name, type]) => [name, input(t, name, type)] as const);
    const loss = lossOf(new Map(named.map(({ spec, parameter }) => [spec.path, parameter])), Object.fromEntries(given));
    const one = float('one', []);
    const wrt = named.map(({ parameter }) => parameter);
    const gradients = gradient(loss, wrt, one).map((value, i) => {
      const spec = specs[i];
      invariant(value !== undefined && spec !== undefined, `the loss depends on the parameter ${spec?.path}`);
      return reshape(value, spec.shape);
    });
    const squares = gradients.map(squaredSum).reduce((total, value) => add(total, value));
    const { factor, applied } = gradientScale({ squares, loss, lossScale: one }, largestNorm);
    const rates = float('rates', [3]);
    const updates = named.flatMap(({ spec, parameter }, i): (readonly [Tensor, Tensor])[] => {
      const own = gradients[i];
      invariant(own !== undefined, 'each parameter has a gradient');
      const [first, second] = [float(`first:${spec.path}`, spec.shape), float(`second:${spec.path}`, spec.shape)];
      const made = adamw(
        { parameter, gradient: own, first, second, factor, applied, rates },
        { beta1, beta2, epsilon: 1e-8, weightDecay: spec.role === 'vector' ? 0 : 0.01 },
      );
      return [
        [parameter, made.newParameter],
        [first, made.newFirst],
        [second, made.newSecond],
      ];
    });
    return { outputs: { loss }, updates };
  });

/** Compiles the step of a model function and makes its state. Errors: those of the backend. */
export function createModelTrainer(training: ModelTraining): ModelTrainer {
  const { backend, parameters: specs, seed, precision = 'float32' } = training;
  const executable = backend.compile(stepGraph(training), { precision });
  const bound: Record<string, DeviceBuffer> = {};
  const parameters = new Map<string, DeviceBuffer>();
  specs.forEach((spec, stream) => {
    const type = { dtype: 'float32', shape: spec.shape } as const;
    const parameter = backend.allocate(type, initialValues(spec, { seed, stream }));
    parameters.set(spec.path, parameter);
    bound[`parameter:${spec.path}`] = parameter;
    bound[`first:${spec.path}`] = backend.allocate(type);
    bound[`second:${spec.path}`] = backend.allocate(type);
  });
  return {
    executable,
    parameters,
    step: async (batch, { step, learningRate }) => {
      const rates = Float32Array.of(learningRate, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1));
      const { loss } = await backend.run(executable, { ...bound, ...batch, rates, one: [1] });
      return loss?.[0] ?? Number.NaN;
    },
  };
}
