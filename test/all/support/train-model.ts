import {
  adamw,
  add,
  type Backend,
  type DeviceBuffer,
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
import { initialValues, type ParameterSpec, type Parameters } from '../../../packages/octavo/src/models/index.js';
import { rateAt } from '../../../packages/octavo/src/training/schedule.js';

/** A model as functions, its data, and how long it learns. */
export interface Training {
  readonly backend: Backend;
  readonly parameters: readonly ParameterSpec[];
  readonly seed: number;
  /** What each step is given beside parameters, by name. */
  readonly inputs: Readonly<Record<string, TensorType>>;
  /** Parameters by path and inputs by name → the loss: []. */
  readonly loss: (parameters: Parameters, inputs: Readonly<Record<string, Tensor>>) => Tensor;
  /** The numbers of a step (0-based), by the names of `inputs`. */
  readonly batch: (step: number) => Readonly<Record<string, HostArray>>;
  readonly steps: number;
  /** The highest rate: reached after a tenth of the steps, then down a cosine to a tenth of it. */
  readonly learningRate: number;
  readonly precision?: Precision;
}

export interface Trained {
  /** Of each step, before its update. */
  readonly losses: readonly number[];
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
}

const [beta1, beta2, largestNorm] = [0.9, 0.95, 1];

/** Loss, gradients, clipping by the global norm and AdamW in one graph. */
const stepGraph = ({ parameters: specs, inputs, loss: lossOf }: Training): Graph =>
  trace((t) => {
    const float = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'float32', shape });
    const parameters = new Map(specs.map(({ path, shape }) => [path, float(`parameter:${path}`, shape)]));
    const loss = lossOf(
      parameters,
      Object.fromEntries(Object.entries(inputs).map(([name, type]) => [name, input(t, name, type)])),
    );
    const one = float('one', []);
    const gradients = gradient(loss, [...parameters.values()], one).map((value, i) => {
      if (value === undefined) throw new Error(`the loss does not depend on the parameter ${specs[i].path}`);
      return reshape(value, specs[i].shape);
    });
    const squares = gradients.map(squaredSum).reduce((total, value) => add(total, value));
    const { factor, applied } = gradientScale({ squares, loss, lossScale: one }, largestNorm);
    const rates = float('rates', [3]);
    const updates = specs.flatMap(({ path, shape, role }, i): (readonly [Tensor, Tensor])[] => {
      const parameter = parameters.get(path);
      if (parameter === undefined) throw new Error(`two parameters are called ${path}`);
      const [first, second] = [float(`first:${path}`, shape), float(`second:${path}`, shape)];
      const made = adamw(
        { parameter, gradient: gradients[i], first, second, factor, applied, rates },
        { beta1, beta2, epsilon: 1e-8, weightDecay: role === 'vector' ? 0 : 0.01 },
      );
      return [
        [parameter, made.newParameter],
        [first, made.newFirst],
        [second, made.newSecond],
      ];
    });
    return { outputs: { loss }, updates };
  });

/** Trains any model function by AdamW, with warm-up and cosine; the loop of every test that trains. */
export async function trainModel(training: Training): Promise<Trained> {
  const { backend, parameters: specs, seed, steps, learningRate, precision = 'float32' } = training;
  const executable = backend.compile(stepGraph(training), { precision });
  const bound: Record<string, DeviceBuffer> = {};
  specs.forEach((spec, stream) => {
    const type = { dtype: 'float32', shape: spec.shape } as const;
    bound[`parameter:${spec.path}`] = backend.allocate(type, initialValues(spec, { seed, stream }));
    bound[`first:${spec.path}`] = backend.allocate(type);
    bound[`second:${spec.path}`] = backend.allocate(type);
  });
  const warmupSteps = Math.ceil(steps / 10);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const share = rateAt(step, { kind: 'cosine', warmupSteps, totalSteps: steps, floor: 0.1, decayShare: 0 });
    const rates = Float32Array.of(learningRate * share, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1));
    const { loss } = await backend.run(executable, { ...bound, ...training.batch(step), rates, one: [1] });
    losses.push(loss[0]);
  }
  return { losses, parameters: new Map(specs.map(({ path }) => [path, bound[`parameter:${path}`]])) };
}
