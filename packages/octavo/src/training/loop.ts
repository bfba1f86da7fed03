import { type Clock, type Emit, fail, type StepName } from '../core/index.js';
import type { BatchAt } from './batches.js';
import { rateAt, type Schedule } from './schedule.js';
import type { Trainer } from './trainer.js';

/** Where a loop stands between two steps: all that a resume needs beside parameters and states. */
export interface Position {
  readonly step: number;
  readonly lossScale: number;
  /** Steps in a row that were not applied. */
  readonly skipped: number;
}

export interface LoopOptions {
  readonly stepName: StepName;
  readonly trainer: Trainer;
  readonly batchAt: BatchAt;
  readonly microBatches: number;
  readonly schedule: Schedule;
  readonly learningRate: number;
  readonly matrixLearningRate: number;
  readonly start: Position;
  /** Whether 16-bit gradients need scaling: true for fp16 only. */
  readonly scalesLoss: boolean;
  readonly every: { readonly checkpoint: number; readonly validation: number; readonly sample: number };
  readonly save: (position: Position) => Promise<void>;
  readonly validate: (step: number) => Promise<void>;
  readonly sample: (step: number) => Promise<void>;
  /** Names what turned non-finite in the step at hand. */
  readonly diagnose: (position: Position) => Promise<string>;
  readonly flopsPerStep: number;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type LoopOutcome = {
  readonly kind: 'done' | 'interrupted';
  readonly position: Position;
  readonly lastLoss: number;
  readonly tokens: number;
  readonly trainingMs: number;
};

/** Steps in a row without an update after which training stops. */
const patience = 3;
const steadySteps = 1000;
const largestScale = 2 ** 16;

/** Halves the scale where a step overflowed, doubles it after a long steady stretch. Source: arXiv 1710.03740, §3.2. */
export const nextLossScale = (scale: number, applied: boolean, step: number): number =>
  applied
    ? step % steadySteps === steadySteps - 1
      ? Math.min(scale * 2, largestScale)
      : scale
    : Math.max(1, scale / 2);

/** Runs steps from `start` to the end of the schedule. Saves when told to stop. Errors: TRAINING_DIVERGED. */
export async function trainingLoop(the: LoopOptions): Promise<LoopOutcome> {
  const { trainer, schedule, emit, clock, signal, every } = the;
  const tokensPerStep = trainer.shape.sequences * trainer.shape.length * the.microBatches;
  let position = the.start;
  let lastLoss = Number.NaN;
  let trainingMs = 0;
  let tokens = 0;
  const outcome = (kind: 'done' | 'interrupted'): LoopOutcome => ({ kind, position, lastLoss, tokens, trainingMs });

  while (position.step < schedule.totalSteps) {
    if (signal.aborted) {
      await the.save(position);
      return outcome('interrupted');
    }
    const { step, lossScale } = position;
    const share = rateAt(step, schedule);
    const startedMs = clock.now();
    const batches = Array.from({ length: the.microBatches }, (_, micro) =>
      the.batchAt(step * the.microBatches + micro),
    );
    const rates = {
      step,
      learningRate: the.learningRate * share,
      matrixRate: the.matrixLearningRate * share,
      lossScale,
    };
    const { loss, gradientNorm, applied } = await trainer.step(batches, rates);
    const elapsedMs = Math.max(0.001, clock.now() - startedMs);
    trainingMs += elapsedMs;
    tokens += tokensPerStep;
    lastLoss = loss;
    // An overflow under a loss scale is expected; it counts against patience only once the scale cannot fall.
    const overflow = !applied && the.scalesLoss && lossScale > 1;
    const skipped = applied || overflow ? 0 : position.skipped + 1;
    if (!applied && !overflow)
      emit({
        kind: 'warning',
        step: the.stepName,
        text: `step ${step}: loss ${loss}, gradient norm ${gradientNorm}; the update was not applied`,
      });
    if (skipped >= patience)
      throw fail('TRAINING_DIVERGED', {
        what: `${patience} steps in a row gave a loss or gradient that is not finite: ${await the.diagnose(position)}`,
        where: `${the.stepName}, step ${step}`,
        remedy:
          'lower the learning rate, or train in float32 (--set pretrain.precision=float32); the last checkpoint is intact',
      });
    position = {
      step: step + 1,
      skipped,
      lossScale: the.scalesLoss ? nextLossScale(lossScale, applied, step) : lossScale,
    };
    emit({
      kind: 'metric',
      step: the.stepName,
      at: position.step,
      values: {
        loss,
        gradientNorm,
        learningRate: rates.learningRate,
        tokensPerSecond: (tokensPerStep * 1000) / elapsedMs,
        gflops: the.flopsPerStep / elapsedMs / 1e6,
      },
    });
    emit({ kind: 'progress', step: the.stepName, done: position.step, total: schedule.totalSteps, unit: 'steps' });
    const last = position.step === schedule.totalSteps;
    if (last || position.step % every.validation === 0) await the.validate(position.step);
    if (last || position.step % every.sample === 0) await the.sample(position.step);
    if (last || position.step % every.checkpoint === 0) await the.save(position);
  }
  return outcome('done');
}
