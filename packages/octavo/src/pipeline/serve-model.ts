import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/index.js';
import { createGenerator } from '../generation/index.js';
import type { RunFolder } from '../project/index.js';
import type { ServedModel } from '../serving/index.js';
import { loadTokenizer } from '../text/index.js';
import {
  backendFor,
  type Checkpoint,
  loadWeights,
  machineFacts,
  newestCheckpoint,
  weightsOf,
} from '../training/index.js';

/** A run's model, loaded and ready to answer. */
export interface OpenModel {
  /** The name that clients ask for. */
  readonly name: string;
  readonly model: ServedModel;
  /** Where its weights come from: the fine-tuned model, or the pretrained one, which was never taught to answer. */
  readonly stage: 'finetune' | 'pretrain';
  readonly checkpoint: string;
  readonly parameters: number;
  /** Newer checkpoints that did not verify, with the reason. */
  readonly skipped: readonly string[];
}

const newest = (
  run: RunFolder,
): { readonly stage: OpenModel['stage']; readonly checkpoint: Checkpoint; readonly skipped: readonly string[] } => {
  const skipped: string[] = [];
  for (const stage of ['finetune', 'pretrain'] as const) {
    const found = newestCheckpoint(join(run.artifact(stage), 'checkpoints'));
    skipped.push(...found.skipped);
    if (found.checkpoint !== undefined) return { stage, checkpoint: found.checkpoint, skipped };
  }
  throw fail('CHECKPOINT_ABSENT', {
    what:
      skipped.length === 0
        ? 'this run has no trained model yet'
        : `no checkpoint of this run is whole: ${skipped.join('; ')}`,
    where: `runs/${run.name}`,
    remedy: `train it: octavo run${run.name === 'main' ? '' : ` --run ${run.name}`}`,
  });
};

/**
 * Loads the newest fine-tuned checkpoint of a run, else the newest pretrained one, with the run's tokenizer.
 * Errors: CHECKPOINT_ABSENT, CHECKPOINT_CORRUPT, TOKENIZER_MISMATCH, FILE_UNREADABLE, NATIVE_ABSENT.
 */
export const openServedModel = async (
  run: RunFolder,
  { project, cacheFolder, slots }: { readonly project: string; readonly cacheFolder: string; readonly slots: number },
): Promise<OpenModel> => {
  const { stage, checkpoint, skipped } = newest(run);
  const { manifest, folder } = checkpoint;
  const tokenizerPath = join(run.artifact('tokenizer'), 'tokenizer.json');
  const tokenizer = await loadTokenizer(tokenizerPath);
  if (tokenizer.hash !== manifest.tokenizerHash)
    throw fail('TOKENIZER_MISMATCH', {
      what: `the checkpoint was trained with tokenizer ${manifest.tokenizerHash.slice(0, 12)}…, and the run's is ${tokenizer.hash.slice(0, 12)}…: its words would mean something else`,
      where: tokenizerPath,
      remedy: 'train again with `octavo run`, or put back the tokenizer of that training',
    });
  const facts = await machineFacts(cacheFolder, process.env['OCTAVO_ISA']);
  const loaded = loadWeights(checkpoint, { backend: backendFor(facts), precision: facts.mixedPrecision });
  return {
    stage,
    checkpoint: folder,
    skipped,
    parameters: [...loaded.parameters.values()].reduce(
      (total, { type }) => total + type.shape.reduce((a, b) => a * b, 1),
      0,
    ),
    name: run.name === 'main' ? project : `${project}-${run.name}`,
    model: {
      created: Math.floor(statSync(weightsOf(checkpoint)).mtimeMs / 1_000),
      generator: createGenerator(loaded, { tokenizer, slots }),
      tokenizer,
    },
  };
};
