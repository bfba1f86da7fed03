import { join } from 'node:path';
import { fail } from '../core/index.js';
import type { RunFolder } from '../project/index.js';
import { loadTokenizer, type Tokenizer } from '../text/index.js';
import { type Checkpoint, newestCheckpoint } from '../training/index.js';

/** The newest model of a run, with the tokenizer that it was trained with. */
export interface RunModel {
  /** Where its weights come from: the fine-tuned model, or the pretrained one, which was never taught to answer. */
  readonly stage: 'finetune' | 'pretrain';
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** Newer checkpoints that did not verify, with the reason. */
  readonly skipped: readonly string[];
}

/** The newest checkpoint of a run that is whole. Errors: CHECKPOINT_ABSENT. */
export const newestOfRun = (run: RunFolder): Omit<RunModel, 'tokenizer'> => {
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
 * The newest fine-tuned checkpoint of a run, else the newest pretrained one, with the run's tokenizer.
 * Errors: CHECKPOINT_ABSENT, TOKENIZER_MISMATCH, FILE_UNREADABLE.
 */
export const findRunModel = async (run: RunFolder): Promise<RunModel> => {
  const found = newestOfRun(run);
  const { tokenizerHash } = found.checkpoint.manifest;
  const path = join(run.artifact('tokenizer'), 'tokenizer.json');
  const tokenizer = await loadTokenizer(path);
  if (tokenizer.hash !== tokenizerHash)
    throw fail('TOKENIZER_MISMATCH', {
      what: `the checkpoint was trained with tokenizer ${tokenizerHash.slice(0, 12)}…, and the run's is ${tokenizer.hash.slice(0, 12)}…: its words would mean something else`,
      where: path,
      remedy: 'train again with `octavo run`, or put back the tokenizer of that training',
    });
  return { ...found, tokenizer };
};
