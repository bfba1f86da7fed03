import { join } from 'node:path';
import { fail } from '../core/index.js';
import { readSplit } from '../evaluation/index.js';
import type { ExportSection, ExportSource } from '../export/index.js';
import { gptParameters } from '../models/index.js';
import type { StepContext } from '../project/index.js';
import { endOfText, endOfTurn, huggingFaceTokenizerConfig, loadTokenizer } from '../text/index.js';
import { backendFor, machineFacts, newestCheckpoint, weightsOf } from '../training/index.js';

/** The fine-tuned model of a run, ready to be exported. Errors: CHECKPOINT_ABSENT. */
export async function openExportSource({
  artifact,
  cacheFolder,
  section,
}: StepContext<ExportSection>): Promise<ExportSource> {
  const { checkpoint } = newestCheckpoint(join(artifact('finetune'), 'checkpoints'));
  if (checkpoint === undefined)
    throw fail('CHECKPOINT_ABSENT', {
      what: 'there is no fine-tuned model',
      where: artifact('finetune'),
      remedy: 'run the finetune step',
    });
  const tokenizerPath = join(artifact('tokenizer'), 'tokenizer.json');
  const tokenizer = await loadTokenizer(tokenizerPath);
  const backend = backendFor(await machineFacts(cacheFolder, process.env['OCTAVO_ISA']));
  return {
    weightsPath: weightsOf(checkpoint, section.weights),
    config: checkpoint.manifest.model,
    load: (weights) => ({
      backend,
      precision: 'float32',
      config: weights.config,
      parameters: new Map(
        gptParameters(weights.config).map(({ path, shape }) => [
          path,
          backend.allocate({ dtype: 'float32', shape }, weights.get(path).data),
        ]),
      ),
    }),
    tokenizer: {
      decode: (ids) => tokenizer.decode(ids),
      endOfText: tokenizer.idOfSpecial(endOfText),
      endOfTurn: tokenizer.idOfSpecial(endOfTurn),
      config: (contextLength) => huggingFaceTokenizerConfig(tokenizer, { contextLength }),
    },
    tokenizerPath,
    heldOut: await readSplit(artifact('tokenize'), 'test', { tokenizer }),
  };
}
