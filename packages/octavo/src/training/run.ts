import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend, MachineFacts, Precision } from '@octavo/engine';
import type { Clock, Emit, StepName } from '../core/index.js';
import { bitsPerByte } from '../evaluation/index.js';
import { createGenerator, defaultSampling, type LoadedModel } from '../generation/index.js';
import { stopTokens, type Tokenizer } from '../text/index.js';
import type { BatchAt } from './batches.js';
import { type Manifest, newestCheckpoint, restoreState, saveCheckpoint } from './checkpoint.js';
import { diagnoseStep } from './diagnose.js';
import { type LoopOutcome, type Position, trainingLoop } from './loop.js';
import { averageOf } from './optimisers/index.js';
import type { Schedule } from './schedule.js';
import type { StepShape } from './step-graphs.js';
import { createTrainer } from './trainer.js';
import { streamLoss } from './validate.js';

/** One training run in a folder: pretraining and fine-tuning differ only in batches, start and what they measure. */
export interface TrainingRun {
  readonly stepName: StepName;
  readonly folder: string;
  readonly shape: StepShape;
  readonly precision: Precision;
  readonly microBatches: number;
  /** Of a step; parts of the forward pass run twice where it takes that. */
  readonly memoryLimitBytes?: number | undefined;
  readonly schedule: Schedule;
  readonly learningRate: number;
  readonly matrixLearningRate: number;
  readonly batchAt: BatchAt;
  readonly tokenizer: Tokenizer;
  readonly tokenCounts?: ArrayLike<number>;
  /** A checkpoint folder to start from when this run has none of its own. */
  readonly from?: string;
  /** Held-out tokens with the bytes of text they stand for. */
  readonly heldOut: { readonly ids: Uint32Array; readonly bytes: number };
  readonly every: { readonly checkpoint: number; readonly validation: number; readonly sample: number };
  /** Token ids that samples go on from, with the text shown for them. */
  readonly prompt: { readonly ids: readonly number[]; readonly text: string };
  readonly sampleTokens: number;
  /** What made the run, for the manifest. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly flopsPerStep: number;
}

export interface RunEffects {
  readonly backend: Backend;
  readonly facts: MachineFacts;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface RunResult extends LoopOutcome {
  readonly memory: { readonly predictedBytes: number; readonly stateBytes: number; readonly usedBytes: number };
  readonly bitsPerByte: number;
  readonly checkpoint: string;
}

/** Trains to the end of the schedule or to an interruption, going on from the newest good checkpoint of the folder. */
export async function runTraining(run: TrainingRun, effects: RunEffects): Promise<RunResult> {
  const { backend, emit, clock, signal } = effects;
  const { stepName, shape, precision } = run;
  const checkpoints = join(run.folder, 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  const trainer = createTrainer({
    backend,
    precision,
    shape,
    microBatches: run.microBatches,
    memoryLimitBytes: run.memoryLimitBytes,
    ...(run.tokenCounts === undefined ? {} : { tokenCounts: run.tokenCounts }),
  });
  const stateBytes = [...trainer.state.values()].reduce((total, buffer) => total + backend.bytes(buffer).length, 0);
  const predictedBytes = trainer.memory.totalBytes;
  emit({
    kind: 'memory',
    step: stepName,
    arenaBytes: trainer.memory.arenaBytes,
    scratchBytes: trainer.memory.scratchBytes,
    stateBytes,
    blocks: memoryMap(trainer.plan?.arena ?? []),
  });

  const fresh: Position = { step: 0, lossScale: precision === 'float16' ? 2 ** 15 : 1, skipped: 0 };
  let start = fresh;
  const { checkpoint, skipped } = newestCheckpoint(checkpoints);
  for (const text of skipped) emit({ kind: 'warning', step: stepName, text: `skipped a checkpoint: ${text}` });
  if (checkpoint !== undefined) {
    restoreState(checkpoint, trainer.state, backend);
    const { step, lossScale, skipped: inARow } = checkpoint.manifest;
    start = { step, lossScale, skipped: inARow };
    emit({ kind: 'rewind', step: stepName, at: step, reason: 'resumed from a checkpoint' });
  } else if (run.from !== undefined) {
    const parameters = new Map([...trainer.state].filter(([name]) => name.startsWith('parameter:')));
    const base = newestCheckpoint(run.from);
    if (base.checkpoint !== undefined) restoreState(base.checkpoint, parameters, backend);
    // The average starts where training starts.
    for (const [name, buffer] of parameters) {
      const average = trainer.state.get(averageOf(name.slice('parameter:'.length)));
      if (average !== undefined) backend.write(average, backend.read(buffer));
    }
  }

  let bits = Number.NaN;
  let saved = checkpoint?.folder ?? '';
  const head = (position: Position): Omit<Manifest, 'format' | 'version' | 'files'> => ({
    ...position,
    model: shape.model,
    tokenizerHash: run.tokenizer.hash,
    recipe: { ...run.recipe, precision, isa: effects.facts.isa, form: effects.facts.form },
  });
  const generator = createGenerator(modelOf(backend, precision, shape, trainer.state), {
    tokenizer: run.tokenizer,
    slots: 1,
  });
  const outcome = await trainingLoop({
    stepName,
    trainer,
    batchAt: run.batchAt,
    microBatches: run.microBatches,
    schedule: run.schedule,
    learningRate: run.learningRate,
    matrixLearningRate: run.matrixLearningRate,
    start,
    scalesLoss: precision === 'float16',
    every: run.every,
    flopsPerStep: run.flopsPerStep,
    emit,
    clock,
    signal,
    save: async (position) => {
      const startedMs = clock.now();
      const { path, bytes } = await saveCheckpoint(checkpoints, {
        head: head(position),
        state: trainer.state,
        backend,
        keep: 2,
      });
      saved = path;
      emit({ kind: 'checkpoint', step: stepName, at: position.step, path, bytes, elapsedMs: clock.now() - startedMs });
    },
    validate: async (step) => {
      // Midway a part is enough for the curve; the last value is of the whole.
      const last = step === run.schedule.totalSteps;
      const { ids, bytes } = run.heldOut;
      const part = last ? ids : ids.subarray(0, Math.min(ids.length, 16_384));
      const { nats, tokens } = await streamLoss(trainer, part);
      bits = bitsPerByte({ nats, bytes: bytes * (tokens / Math.max(1, ids.length - 1)) });
      const averaged =
        shape.optimiser.average > 0 ? await streamLoss(trainer, part, { weights: 'average' }) : undefined;
      emit({
        kind: 'metric',
        step: stepName,
        at: step,
        values: {
          validationBitsPerByte: bits,
          validationLoss: nats / tokens,
          ...(averaged === undefined ? {} : { averageBitsPerByte: (bits * averaged.nats) / nats }),
        },
      });
    },
    sample: async (step) => {
      let text = '';
      const sampling = { ...defaultSampling, temperature: 0.7, topK: 40, seed: step };
      const request = {
        prompt: run.prompt.ids,
        maxTokens: Math.min(run.sampleTokens, shape.model.contextLength - run.prompt.ids.length),
        sampling,
        stop: [],
        stopTokens: stopTokens(run.tokenizer),
        topLogprobs: undefined,
      };
      for await (const event of generator.generate(request, signal)) text += event.text;
      emit({ kind: 'sample', step: stepName, at: step, prompt: run.prompt.text, text });
    },
    diagnose: (position) => {
      const micro = position.step * run.microBatches;
      return diagnoseStep({
        backend,
        shape,
        state: trainer.state,
        batch: run.batchAt(micro),
        step: position.step,
        place: `batch ${micro}`,
      });
    },
  });
  await generator.close();
  return {
    ...outcome,
    memory: { predictedBytes, stateBytes, usedBytes: process.memoryUsage().rss },
    bitsPerByte: bits,
    checkpoint: saved,
  };
}

const modelOf = (
  backend: Backend,
  precision: Precision,
  shape: StepShape,
  state: ReturnType<typeof createTrainer>['state'],
): LoadedModel => ({
  backend,
  precision,
  config: shape.model,
  parameters: new Map(
    [...state]
      .filter(([name]) => name.startsWith('parameter:'))
      .map(([name, buffer]) => [name.slice('parameter:'.length), buffer]),
  ),
});

/** The largest blocks of the arena, for the report's memory map. */
const memoryMap = (
  arena: readonly {
    readonly kind: string;
    readonly path: string;
    readonly bytes: number;
    readonly offset: number;
    readonly from: number;
    readonly to: number;
  }[],
) =>
  arena
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 200)
    .map(({ kind, path, bytes, offset, from, to }) => ({ kind, path, bytes, offset, from, to }));
