import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../core/index.js';
import { readConversations, readSplit, textBytes } from '../evaluation/index.js';
import { trainingFlopsPerToken } from '../models/index.js';
import type { Step, StepContext } from '../project/index.js';
import { loadTokenizer, renderChat } from '../text/index.js';
import {
  backendFor,
  machineFacts,
  newestCheckpoint,
  optimiserOf,
  runTraining,
  trainingSection,
} from '../training/index.js';
import { chatBatches } from './packing.js';
import type { TuningSection } from './section.js';

/** Steps where neither octavo.yaml nor the plan says: about five looks at each conversation of the quickstart. */
const fallbackSteps = 400;
const planned = z.object({
  resolved: z.object({ finetune: z.object({ steps: z.number().int().positive() }).optional() }),
});

async function finetuneAll(context: StepContext<TuningSection & { readonly planSteps?: number }>) {
  const { section, artifact, emit, clock, signal } = context;
  const base = newestCheckpoint(join(artifact('pretrain'), 'checkpoints')).checkpoint;
  if (base === undefined)
    throw fail('CHECKPOINT_ABSENT', {
      what: 'there is no pretrained model',
      where: artifact('pretrain'),
      remedy: 'run the pretrain step',
    });
  const tokenizer = await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json'));
  const conversations = await readConversations(join(artifact('collect'), 'chat.jsonl'), 'train');
  const examples = conversations.map((messages) => renderChat(tokenizer, messages));
  const prose = await readSplit(artifact('tokenize'), 'train', { tokenizer });
  const heldOut = await readSplit(artifact('tokenize'), 'validation', { tokenizer });
  const bytesOf = textBytes(tokenizer);
  const facts = await machineFacts(context.cacheFolder, process.env['OCTAVO_ISA']);
  const { model } = base.manifest;
  const length = model.contextLength;
  const { batchSequences: sequences } = section;
  const totalSteps = section.steps ?? section.planSteps ?? fallbackSteps;
  const defaults = trainingSection.parse({});
  const { clip, clipValue, seed } = defaults;
  const shape = {
    model,
    optimiser: { ...optimiserOf(defaults), average: section.average },
    sequences,
    length,
    clip,
    clipValue,
    seed,
    packed: true,
  };
  const question = renderChat(tokenizer, [{ role: 'user', content: section.sampleQuestion }], {
    addGenerationPrompt: true,
  });
  const result = await runTraining(
    {
      stepName: 'finetune',
      folder: context.folder,
      shape,
      precision: facts.mixedPrecision,
      microBatches: 1,
      schedule: {
        kind: 'linear',
        warmupSteps: Math.round(totalSteps * section.warmupShare),
        totalSteps,
        floor: 0,
        decayShare: 0,
      },
      learningRate: section.learningRate,
      matrixLearningRate: section.matrixLearningRate,
      batchAt: chatBatches({ examples, prose, proseShare: section.proseShare, sequences, length, seed }),
      tokenizer,
      from: join(artifact('pretrain'), 'checkpoints'),
      heldOut: { ids: heldOut, bytes: heldOut.reduce((total, id) => total + (bytesOf[id] ?? 0), 0) },
      every: { checkpoint: section.checkpointEvery, validation: section.validateEvery, sample: section.sampleEvery },
      prompt: { ids: question.ids, text: section.sampleQuestion },
      sampleTokens: 24,
      recipe: {
        optimiser: shape.optimiser,
        sequences,
        length,
        clip,
        seed,
        totalSteps,
        proseShare: section.proseShare,
        base: base.manifest.files,
      },
      flopsPerStep: trainingFlopsPerToken(model, length) * sequences * length,
    },
    { backend: backendFor(facts), facts, emit, clock, signal },
  );
  return {
    kind: result.kind,
    summary: {
      steps: result.position.step,
      conversations: examples.length,
      loss: result.lastLoss,
      validationBitsPerByte: result.bitsPerByte,
      trainingSeconds: result.trainingMs / 1000,
      checkpoint: result.checkpoint,
    },
  };
}

/** Fine-tunes the pretrained model on conversations, learning from the assistant's words only. */
export const finetuneStep: Step<TuningSection> = {
  name: 'finetune',
  version: 1,
  inputs: ['plan', 'collect', 'tokenizer', 'tokenize', 'pretrain'],
  run: async (context) => {
    const plan = planned.safeParse(JSON.parse(await readFile(join(context.artifact('plan'), 'plan.json'), 'utf8')));
    const planSteps = plan.success ? plan.data.resolved.finetune?.steps : undefined;
    const { kind, summary } = await finetuneAll({
      ...context,
      section: { ...context.section, ...(planSteps === undefined ? {} : { planSteps }) },
    });
    return kind === 'done' ? { kind, summary } : { kind };
  },
};
