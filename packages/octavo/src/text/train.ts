import { fail } from '../core/index.js';
import { nativeText } from './native.js';
import { type PatternName, patternNumber } from './patterns.js';
import { standardSpecialTokens, withSpecialTokens } from './special-tokens.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';

/** How far training has come: first texts are read and their words counted, then tokens are merged. */
export type TrainingProgress =
  | { readonly kind: 'counting'; readonly texts: number; readonly characters: number }
  | { readonly kind: 'merging'; readonly tokens: number; readonly of: number };

export interface TrainTokenizerOptions {
  readonly texts: Iterable<string> | AsyncIterable<string>;
  /** Special tokens included; fewer come out of a text that has no more pairs to merge. */
  readonly vocabularySize: number;
  readonly pattern: PatternName;
  /** The result does not depend on it. */
  readonly threads: number;
  /** A pair that occurs less often is not merged. */
  readonly minimumFrequency?: number;
  readonly specialTokens?: readonly string[];
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
}

/** Texts are handed over in batches of about so many characters. */
const batchCharacters = 4 << 20;

async function* batches(texts: Iterable<string> | AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for await (const text of texts) {
    batch.push(text);
    characters += text.length;
    if (characters < batchCharacters) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Learns a byte-level BPE vocabulary. The merges are those of Hugging Face's BpeTrainer with the byte-level alphabet:
 * the most frequent pair first, of equals the one with the lower ids. Errors: INTERRUPTED, USAGE.
 */
export async function trainTokenizer(options: TrainTokenizerOptions): Promise<Tokenizer> {
  const { specialTokens = standardSpecialTokens, minimumFrequency = 2, onProgress, signal } = options;
  const tokens = options.vocabularySize - specialTokens.length;
  if (!Number.isInteger(tokens) || tokens < 256 || options.vocabularySize > 1 << 24)
    throw fail('USAGE', {
      what: `a vocabulary of ${options.vocabularySize} has no room for the 256 bytes and ${specialTokens.length} special tokens`,
      where: 'tokenizer.vocabularySize',
      remedy: `ask for ${256 + specialTokens.length} to ${1 << 24}`,
    });
  const stopIfAsked = () => {
    if (signal?.aborted === true)
      throw fail('INTERRUPTED', { what: 'training the tokenizer was stopped', remedy: 'start the same command again' });
  };
  const native = nativeText();
  const trainer = native.createTrainer(patternNumber(options.pattern), options.threads);
  let texts = 0;
  let characters = 0;
  // The next batch is read while the last one is counted.
  let counting: Promise<void> = Promise.resolve();
  for await (const batch of batches(options.texts)) {
    stopIfAsked();
    await counting;
    counting = native.countWords(trainer, batch);
    texts += batch.length;
    characters += batch.reduce((total, text) => total + text.length, 0);
    onProgress?.({ kind: 'counting', texts, characters });
  }
  await counting;
  stopIfAsked();

  const stop = () => native.stopTraining(trainer);
  signal?.addEventListener('abort', stop, { once: true });
  // Reports come from another thread, and some only after the work has ended.
  let learning = true;
  try {
    const [bytes, starts, merges] = await native.learnMerges(trainer, tokens, minimumFrequency, (done) => {
      if (learning) onProgress?.({ kind: 'merging', tokens: done, of: tokens });
    });
    learning = false;
    stopIfAsked();
    onProgress?.({ kind: 'merging', tokens: starts.length - 1, of: tokens });
    const learned = { pattern: options.pattern, wholeWordsFirst: false, bytes, starts, merges, specialTokens: [] };
    return createTokenizer(withSpecialTokens(learned, specialTokens));
  } finally {
    learning = false;
    signal?.removeEventListener('abort', stop);
  }
}
