import { join } from 'node:path';
import type { EvaluationModel } from '../evaluation/index.js';
import { createGenerator } from '../generation/index.js';
import type { StepContext } from '../project/index.js';
import { loadTokenizer } from '../text/index.js';
import { backendFor, loadWeights, machineFacts, openCheckpoint } from '../training/index.js';
import { createTokenNats } from './token-nats.js';

/** Questions answered side by side. */
const slots = 16;

/** Loads a checkpoint of this run as evaluation sees models. Errors: CHECKPOINT_CORRUPT, FILE_INVALID, NATIVE_MISSING. */
export const loadEvaluationModel = async (
  checkpointFolder: string,
  { artifact, cacheFolder }: Pick<StepContext<unknown>, 'artifact' | 'cacheFolder'>,
): Promise<EvaluationModel> => {
  const facts = await machineFacts(cacheFolder, process.env['OCTAVO_ISA']);
  const model = loadWeights(openCheckpoint(checkpointFolder), {
    backend: backendFor(facts),
    precision: facts.mixedPrecision,
  });
  const generator = createGenerator(model, {
    tokenizer: await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json')),
    slots,
  });
  return { tokenNats: createTokenNats(model), generator, close: generator.close };
};
