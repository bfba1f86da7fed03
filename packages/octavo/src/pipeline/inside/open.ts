import { fail } from '../../core/index.js';
import type { InterpretedModel } from '../../interpret/index.js';
import type { RunFolder } from '../../project/index.js';
import { renderChat, type Tokenizer } from '../../text/index.js';
import { backendFor, type Checkpoint, loadWeights, machineFacts } from '../../training/index.js';
import { pieceOf } from '../report/token-pieces.js';
import { findRunModel, type RunModel } from '../run-model.js';

/** A run's model opened to look inside. */
export interface OpenedRun extends Pick<RunModel, 'stage' | 'tokenizer' | 'skipped'> {
  readonly run: string;
  readonly checkpoint: string;
  readonly model: InterpretedModel<'gpt'>;
}

/** Weights in float32, whatever precision serves. Errors: CHECKPOINT_CORRUPT, NATIVE_MISSING. */
export const openModelInside = async (
  checkpoint: Checkpoint,
  cacheFolder: string,
): Promise<InterpretedModel<'gpt'>> => {
  const facts = await machineFacts(cacheFolder, process.env['OCTAVO_ISA']);
  const { backend, config, parameters } = loadWeights(checkpoint, { backend: backendFor(facts), precision: 'float32' });
  return { backend, model: { architecture: 'gpt', config }, parameters };
};

/** Errors: CHECKPOINT_ABSENT, CHECKPOINT_CORRUPT, TOKENIZER_MISMATCH, FILE_UNREADABLE. */
export const openRunInside = async (run: RunFolder, cacheFolder: string): Promise<OpenedRun> => {
  const { stage, checkpoint, tokenizer, skipped } = await findRunModel(run);
  const model = await openModelInside(checkpoint, cacheFolder);
  return { run: run.name, stage, checkpoint: checkpoint.folder, tokenizer, skipped, model };
};

/** A prompt in tokens: asked as a question, as in a chat, or as the beginning of a text. */
export interface Prompt {
  readonly text: string;
  readonly kind: 'question' | 'text';
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
}

export const promptOf = (tokenizer: Tokenizer, text: string, kind: Prompt['kind']): Prompt => {
  const ids =
    kind === 'question'
      ? renderChat(tokenizer, [{ role: 'user', content: text }], { addGenerationPrompt: true }).ids
      : [...tokenizer.encode(text)];
  return { text, kind, ids, pieces: ids.map((id) => pieceOf(tokenizer, id)) };
};

/** The first token of an answer, as it would follow. Errors: USAGE for an empty text. */
export const firstTokenOf = (tokenizer: Tokenizer, text: string, where: string): number => {
  const [first] = tokenizer.encode(text);
  if (first === undefined)
    throw fail('USAGE', { what: 'an answer needs at least one token', where, remedy: 'write the word to look for' });
  return first;
};
