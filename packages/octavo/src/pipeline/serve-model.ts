import { statSync } from 'node:fs';
import { createGenerator, quantiseWeights } from '../generation/index.js';
import type { RunFolder } from '../project/index.js';
import type { ServedModel } from '../serving/index.js';
import { backendFor, loadWeights, machineFacts, weightsOf } from '../training/index.js';
import { findRunModel } from './run-model.js';

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

/**
 * Loads the newest fine-tuned checkpoint of a run, else the newest pretrained one, with the run's tokenizer; with `int8` its
 * linear layers compute in int8.
 * Errors: CHECKPOINT_ABSENT, CHECKPOINT_CORRUPT, TOKENIZER_MISMATCH, FILE_UNREADABLE, NATIVE_ABSENT.
 */
export const openServedModel = async (
  run: RunFolder,
  {
    project,
    cacheFolder,
    slots,
    int8 = false,
  }: { readonly project: string; readonly cacheFolder: string; readonly slots: number; readonly int8?: boolean },
): Promise<OpenModel> => {
  const { stage, checkpoint, skipped, tokenizer } = await findRunModel(run);
  const facts = await machineFacts(cacheFolder, process.env['OCTAVO_ISA']);
  const loaded = loadWeights(checkpoint, { backend: backendFor(facts), precision: facts.mixedPrecision });
  return {
    stage,
    checkpoint: checkpoint.folder,
    skipped,
    parameters: [...loaded.parameters.values()].reduce(
      (total, { type }) => total + type.shape.reduce((a, b) => a * b, 1),
      0,
    ),
    name: run.name === 'main' ? project : `${project}-${run.name}`,
    model: {
      created: Math.floor(statSync(weightsOf(checkpoint)).mtimeMs / 1_000),
      generator: createGenerator(int8 ? await quantiseWeights(loaded) : loaded, { tokenizer, slots }),
      tokenizer,
    },
  };
};
