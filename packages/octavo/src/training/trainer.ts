import {
  type Backend,
  type DeviceBuffer,
  type Executable,
  type Memory,
  type Plan,
  type Precision,
  product,
} from '@octavo/engine';
import { invariant } from '../core/index.js';
import { gptParameters, initialValues } from '../models/index.js';
import type { Batch } from './batches.js';
import { stateNames } from './optimiser.js';
import { accumulationGraph, applicationGraph, evaluationGraph, type StepShape, trainingGraph } from './step-graphs.js';

/** Rates of one step. */
export interface Rates {
  /** Steps already applied, for bias correction and dropout. */
  readonly step: number;
  readonly learningRate: number;
  readonly matrixRate: number;
  readonly lossScale: number;
}

export interface StepResult {
  /** Nats a token. */
  readonly loss: number;
  readonly gradientNorm: number;
  /** False where loss or gradient were not finite, and nothing changed. */
  readonly applied: boolean;
}

/** A model with its optimiser, in a backend's memory. */
export interface Trainer {
  readonly shape: StepShape;
  /** Everything a checkpoint holds, by name: `parameter:…`, `first:…`, `second:…`, `momentum:…`. */
  readonly state: ReadonlyMap<string, DeviceBuffer>;
  readonly backend: Backend;
  /** Of one step, known before it runs. */
  readonly memory: Memory;
  readonly plan: Plan | undefined;
  /** One optimiser step over the micro-batches. */
  readonly step: (batches: readonly Batch[], rates: Rates) => Promise<StepResult>;
  /** Loss of each token in nats, without dropout. */
  readonly losses: (batch: Batch) => Promise<ArrayLike<number>>;
}

export interface TrainerOptions {
  readonly backend: Backend;
  readonly precision: Precision;
  readonly shape: StepShape;
  readonly microBatches: number;
  /** For a log-unigram output bias. */
  readonly tokenCounts?: ArrayLike<number>;
}

const scalar = (value: number): Float32Array => Float32Array.of(value);

/** Allocates parameters and optimiser states with their first values. */
function initialState({ backend, shape, tokenCounts }: TrainerOptions): Map<string, DeviceBuffer> {
  const state = new Map<string, DeviceBuffer>();
  gptParameters(shape.model).forEach((spec, stream) => {
    const type = { dtype: 'float32', shape: spec.shape } as const;
    const values = initialValues(spec, {
      seed: shape.seed,
      stream,
      ...(tokenCounts === undefined ? {} : { tokenCounts }),
    });
    state.set(`parameter:${spec.path}`, backend.allocate(type, values));
    for (const name of stateNames(spec.role, shape.optimiser))
      state.set(`${name}:${spec.path}`, backend.allocate(type));
  });
  return state;
}

/** Compiles the step and makes its state. Errors: those of the backend. */
export function createTrainer(options: TrainerOptions): Trainer {
  const { backend, precision, shape, microBatches } = options;
  const state = initialState(options);
  const whole = microBatches === 1 ? backend.compile(trainingGraph(shape), { precision }) : undefined;
  const accumulate = microBatches === 1 ? undefined : backend.compile(accumulationGraph(shape), { precision });
  const apply = microBatches === 1 ? undefined : backend.compile(applicationGraph(shape), { precision });
  let evaluation: Executable | undefined;
  const sums = new Map<string, DeviceBuffer>();
  if (apply !== undefined) {
    for (const spec of gptParameters(shape.model))
      sums.set(`gradient:${spec.path}`, backend.allocate({ dtype: 'float32', shape: spec.shape }));
    sums.set('total', backend.allocate({ dtype: 'float32', shape: [] }));
  }
  const main = whole ?? accumulate;
  invariant(main !== undefined, 'a trainer has a step');
  const { beta1, beta2 } = shape.optimiser;
  const bound = { ...Object.fromEntries(state), ...Object.fromEntries(sums) };

  return {
    shape,
    state,
    backend,
    memory: main.memory,
    plan: main.plan,
    step: async (batches, { step, learningRate, matrixRate, lossScale }) => {
      invariant(batches.length === microBatches, 'a step has its micro-batches');
      const rates = Float32Array.of(learningRate, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1));
      const scalars = {
        rates,
        matrixRate: scalar(matrixRate),
        lossScale: scalar(lossScale),
        step: Int32Array.of(step),
      };
      let result: Readonly<Record<string, ArrayLike<number>>> = {};
      for (const batch of batches) {
        if (whole !== undefined) result = await backend.run(whole, { ...bound, ...batch, ...scalars });
        if (accumulate !== undefined) await backend.run(accumulate, { ...bound, ...batch, ...scalars });
      }
      if (apply !== undefined) result = await backend.run(apply, { ...bound, ...scalars });
      return {
        loss: result['loss']?.[0] ?? Number.NaN,
        gradientNorm: result['norm']?.[0] ?? Number.NaN,
        applied: (result['applied']?.[0] ?? 0) > 0,
      };
    },
    losses: async (batch) => {
      evaluation ??= backend.compile(evaluationGraph(shape), { precision });
      const { losses } = await backend.run(evaluation, { ...bound, ...batch });
      invariant(
        losses !== undefined && losses.length === product([shape.sequences, shape.length]),
        'a loss for each token',
      );
      return losses;
    },
  };
}
