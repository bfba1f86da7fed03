import { type Backend, type DeviceBuffer, type Executable, type Plan, product } from '@octavo/engine';
import { invariant } from '../core/index.js';
import { gptParameters, initialValues } from '../models/index.js';
import type { Batch } from './batches.js';
import { compileStep, type StepMemory, type StepOptions } from './compile-step.js';
import { type Assigned, assignOptimisers, averageOf, averageRate } from './optimisers/index.js';
import { evaluationGraph, type StepShape } from './step-graphs.js';

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
  /** Everything a checkpoint holds, by name: `parameter:…`, `first:…`, `second:…`, `momentum:…`, `average:…`. */
  readonly state: ReadonlyMap<string, DeviceBuffer>;
  readonly backend: Backend;
  /** Of one step, known before it runs. */
  readonly memory: StepMemory;
  readonly plan: Plan | undefined;
  /** One optimiser step over the micro-batches. */
  readonly step: (batches: readonly Batch[], rates: Rates) => Promise<StepResult>;
  /** Loss of each token in nats, without dropout; of the averaged weights where they are asked for and kept. */
  readonly losses: (batch: Batch, weights?: 'trained' | 'average') => Promise<ArrayLike<number>>;
}

export interface TrainerOptions extends StepOptions {
  /** For a log-unigram output bias. */
  readonly tokenCounts?: ArrayLike<number>;
}

const scalar = (value: number): Float32Array => Float32Array.of(value);

/** Allocates parameters and optimiser states with their first values. */
function initialState({ backend, shape, tokenCounts }: TrainerOptions, assigned: readonly Assigned[]) {
  const state = new Map<string, DeviceBuffer>();
  gptParameters(shape.model).forEach((spec, stream) => {
    const type = { dtype: 'float32', shape: spec.shape } as const;
    const values = initialValues(spec, {
      seed: shape.seed,
      stream,
      ...(tokenCounts === undefined ? {} : { tokenCounts }),
    });
    state.set(`parameter:${spec.path}`, backend.allocate(type, values));
    for (const { name, ...own } of assigned[stream]?.optimiser.states(spec.shape) ?? [])
      state.set(`${name}:${spec.path}`, backend.allocate(own));
    if (shape.optimiser.average > 0) state.set(averageOf(spec.path), backend.allocate(type, values));
  });
  return state;
}

/** The numbers of each optimiser at a step, by the names of the graph's inputs. */
const ratesOf = (
  assigned: readonly Assigned[],
  { step, learningRate, matrixRate }: Rates,
): Readonly<Record<string, Float32Array>> =>
  Object.fromEntries(
    assigned.map(({ ratesName, optimiser, base, multiplier }) => [
      ratesName,
      Float32Array.from(optimiser.scalars(step, multiplier * (base === 'matrices' ? matrixRate : learningRate))),
    ]),
  );

/** Compiles the step and makes its state. Errors: those of the backend. */
export function createTrainer(options: TrainerOptions): Trainer {
  const { backend, precision, shape, microBatches } = options;
  const specs = gptParameters(shape.model);
  const assigned = assignOptimisers(specs, shape.optimiser, shape.seed);
  const state = initialState(options, assigned);
  const { main, apply, memory } = compileStep(options);
  let evaluation: Executable | undefined;
  const sums = new Map<string, DeviceBuffer>();
  if (apply !== undefined) {
    for (const spec of specs)
      sums.set(`gradient:${spec.path}`, backend.allocate({ dtype: 'float32', shape: spec.shape }));
    sums.set('total', backend.allocate({ dtype: 'float32', shape: [] }));
  }
  const { average } = shape.optimiser;
  const bound = { ...Object.fromEntries(state), ...Object.fromEntries(sums) };

  return {
    shape,
    state,
    backend,
    memory,
    plan: main.plan,
    step: async (batches, rates) => {
      invariant(batches.length === microBatches, 'a step has its micro-batches');
      const scalars = {
        ...ratesOf(assigned, rates),
        lossScale: scalar(rates.lossScale),
        step: Int32Array.of(rates.step),
        ...(average > 0 ? { averageRate: scalar(averageRate(average, rates.step)) } : {}),
      };
      let result: Readonly<Record<string, ArrayLike<number>>> = {};
      for (const batch of batches) result = await backend.run(main, { ...bound, ...batch, ...scalars });
      if (apply !== undefined) result = await backend.run(apply, { ...bound, ...scalars });
      return {
        loss: result['loss']?.[0] ?? Number.NaN,
        gradientNorm: result['norm']?.[0] ?? Number.NaN,
        applied: (result['applied']?.[0] ?? 0) > 0,
      };
    },
    losses: async (batch, weights = 'trained') => {
      evaluation ??= backend.compile(evaluationGraph(shape), { precision });
      const averaged = specs.flatMap(({ path }) => {
        const buffer = weights === 'average' ? state.get(averageOf(path)) : undefined;
        return buffer === undefined ? [] : [[`parameter:${path}`, buffer] as const];
      });
      const { losses } = await backend.run(evaluation, { ...bound, ...batch, ...Object.fromEntries(averaged) });
      invariant(
        losses !== undefined && losses.length === product([shape.sequences, shape.length]),
        'a loss for each token',
      );
      return losses;
    },
  };
}
