import type { DeviceBuffer, HostArray } from '@octavo/engine';
import { createModelTrainer, type ModelTraining } from '../../../packages/octavo/src/training/index.js';
import { rateAt } from '../../../packages/octavo/src/training/schedule.js';

/** A model as functions, its data, and how long it learns. */
export interface Training extends ModelTraining {
  /** The numbers of a step (0-based), by the names of `inputs`. */
  readonly batch: (step: number) => Readonly<Record<string, HostArray>>;
  readonly steps: number;
  /** The highest rate: reached after a tenth of the steps, then down a cosine to a tenth of it. */
  readonly learningRate: number;
}

export interface Trained {
  /** Of each step, before its update. */
  readonly losses: readonly number[];
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
}

/** Trains any model function by AdamW, with warm-up and cosine; the loop of every test that trains. */
export async function trainModel(training: Training): Promise<Trained> {
  const { steps, learningRate } = training;
  const trainer = createModelTrainer(training);
  const warmupSteps = Math.ceil(steps / 10);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const share = rateAt(step, { kind: 'cosine', warmupSteps, totalSteps: steps, floor: 0.1, decayShare: 0 });
    losses.push(await trainer.step(training.batch(step), { step, learningRate: learningRate * share }));
  }
  return { losses, parameters: trainer.parameters };
}
