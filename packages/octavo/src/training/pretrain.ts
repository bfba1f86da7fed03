import { join } from 'node:path';
import { parseBytes } from '../core/index.js';
import { readSplit, textBytes } from '../evaluation/index.js';
import { trainingFlopsPerToken } from '../models/index.js';
import type { Step, StepContext } from '../project/index.js';
import { loadTokenizer } from '../text/index.js';
import { isCurriculum, windowBatches } from './batches.js';
import { backendFor, machineFacts } from './machine.js';
import { readResolvedPlan } from './resolved.js';
import { runTraining } from './run.js';
import { optimiserOf, type TrainingSection } from './section.js';

async function pretrainAll(context: StepContext<TrainingSection>) {
  const { section, artifact, signal, emit, clock } = context;
  const { model, training } = readResolvedPlan(artifact('plan'));
  const tokenizer = await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json'));
  const stream = await readSplit(artifact('tokenize'), 'train', { tokenizer });
  const heldOut = await readSplit(artifact('tokenize'), 'validation', { tokenizer });
  const bytesOf = textBytes(tokenizer);
  const facts = await machineFacts(context.cacheFolder, process.env['OCTAVO_ISA']);
  const backend = backendFor(facts, section.threads);
  const config = { ...model, vocabularySize: tokenizer.vocabularySize };
  const { batchSequences: sequences, microBatches, sequenceLength: length, steps: totalSteps } = training;
  const tokenCounts = new Uint32Array(tokenizer.vocabularySize);
  for (const id of stream) tokenCounts[id] = (tokenCounts[id] ?? 0) + 1;
  const { clip, clipValue, seed, schedule, warmupShare, decayShare, floor } = section;
  const shape = {
    model: config,
    optimiser: optimiserOf(section),
    sequences,
    length,
    clip,
    clipValue,
    seed,
    packed: false,
  };
  const result = await runTraining(
    {
      stepName: 'pretrain',
      folder: context.folder,
      shape,
      precision: section.precision === 'float32' ? 'float32' : facts.mixedPrecision,
      microBatches,
      memoryLimitBytes: section.memoryLimit === undefined ? undefined : parseBytes(section.memoryLimit),
      schedule: { kind: schedule, warmupSteps: Math.round(totalSteps * warmupShare), totalSteps, floor, decayShare },
      learningRate: training.learningRate.others,
      matrixLearningRate: training.learningRate.matrices,
      batchAt: windowBatches(stream, {
        sequences,
        length,
        seed,
        microBatches,
        inOrder: isCurriculum(artifact('split')),
      }),
      tokenizer,
      tokenCounts,
      heldOut: { ids: heldOut, bytes: heldOut.reduce((total, id) => total + (bytesOf[id] ?? 0), 0) },
      every: { checkpoint: section.checkpointEvery, validation: section.validateEvery, sample: section.sampleEvery },
      prompt: { ids: [...tokenizer.encode(section.samplePrompt)], text: section.samplePrompt },
      sampleTokens: 64,
      recipe: { optimiser: shape.optimiser, sequences, length, microBatches, clip, clipValue, seed, totalSteps },
      flopsPerStep: trainingFlopsPerToken(config, length) * sequences * length * microBatches,
    },
    { backend, facts, emit, clock, signal },
  );
  const seconds = result.trainingMs / 1000;
  return {
    kind: result.kind,
    summary: {
      steps: result.position.step,
      loss: result.lastLoss,
      validationBitsPerByte: result.bitsPerByte,
      tokensPerSecond: seconds > 0 ? result.tokens / seconds : 0,
      gflops: seconds > 0 ? (trainingFlopsPerToken(config, length) * result.tokens) / seconds / 1e9 : 0,
      machineGflops: section.precision === 'float32' ? facts.gflops.float32 : facts.gflops.mixed,
      trainingSeconds: seconds,
      memory: result.memory,
      isa: facts.isa,
      form: facts.form,
      checkpoint: result.checkpoint,
    },
  };
}

/** Trains the model of the plan on the token shards; goes on from its newest checkpoint. */
export const pretrainStep: Step<TrainingSection> = {
  name: 'pretrain',
  version: 1,
  inputs: ['plan', 'tokenizer', 'tokenize'],
  run: async (context) => {
    const { kind, summary } = await pretrainAll(context);
    return kind === 'done' ? { kind, summary } : { kind };
  },
};
