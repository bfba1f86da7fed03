import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, OctavoError, visibleLine, writeFileAtomic } from '../core/index.js';
import { readDocuments } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import type { TokenizerSection } from './section.js';
import type { Tokenizer } from './tokenizer.js';
import { type TrainingProgress, trainTokenizer } from './train.js';

const Plan = z.object({
  resolved: z.object({ tokenizer: z.object({ vocabularySize: z.number().int().positive() }) }),
});

/** What `summary.json` of the step holds. */
export const TokenizerSummary = z.strictObject({
  hash: z.string(),
  pattern: z.string(),
  /** May be less than was asked for, if the text has no more pairs to merge. */
  vocabularySize: z.number().int(),
  askedFor: z.number().int(),
  trainedOn: z.strictObject({ documents: z.number().int(), characters: z.number().int() }),
  /** On the validation documents, which training did not see. */
  heldOut: z.strictObject({ bytes: z.number().int(), tokens: z.number().int(), bytesPerToken: z.number() }),
  /** The longest tokens that hold a letter, for the eye. */
  longestTokens: z.array(z.string()),
  elapsedMs: z.number(),
});
export type TokenizerSummary = z.infer<typeof TokenizerSummary>;

const plannedSize = async (folder: string): Promise<number> => {
  const path = join(folder, 'plan.json');
  try {
    return Plan.parse(JSON.parse(await readFile(path, 'utf8'))).resolved.tokenizer.vocabularySize;
  } catch (cause) {
    throw fail('FILE_INVALID', {
      what: 'it does not say resolved.tokenizer.vocabularySize',
      where: path,
      remedy: 'run the plan step again, or set tokenizer.vocabularySize',
      cause,
    });
  }
};

async function* textsOf(path: string): AsyncGenerator<string, void, undefined> {
  for await (const batch of readDocuments(path, { columns: { text: 'text' } }))
    for (const { text } of batch) yield text;
}

const measure = async (tokenizer: Tokenizer, path: string): Promise<TokenizerSummary['heldOut']> => {
  let bytes = 0;
  let tokens = 0;
  for await (const text of textsOf(path)) {
    bytes += Buffer.byteLength(text);
    tokens += tokenizer.encode(text).length;
  }
  return { bytes, tokens, bytesPerToken: tokens === 0 ? 0 : bytes / tokens };
};

const longestTokens = (tokenizer: Tokenizer, count: number): string[] => {
  const special = new Set(tokenizer.specialTokens.map(({ id }) => id));
  return Array.from({ length: tokenizer.vocabularySize }, (_, id) => id)
    .filter((id) => !special.has(id))
    .map((id) => tokenizer.decode([id]))
    .filter((text) => /\p{L}/u.test(text))
    .toSorted((a, b) => b.length - a.length)
    .slice(0, count)
    .map((text) => visibleLine(text));
};

/** Passes on one report in a hundred of the merges, and all of the reading. */
const reporter = ({ emit }: StepContext<TokenizerSection>) => {
  let told = 0;
  return (progress: TrainingProgress) => {
    if (progress.kind === 'counting') {
      const note = `read ${progress.texts} documents`;
      emit({ kind: 'progress', step: 'tokenizer', done: 0, total: 1, unit: 'tokens', note });
      return;
    }
    if (progress.tokens < told + progress.of / 100 && progress.tokens < progress.of) return;
    told = progress.tokens;
    emit({ kind: 'progress', step: 'tokenizer', done: progress.tokens, total: progress.of, unit: 'tokens' });
  };
};

async function learn(context: StepContext<TokenizerSection>): Promise<TokenizerSummary> {
  const { section, folder, artifact, emit, clock, signal } = context;
  const startedMs = clock.now();
  const askedFor = section.vocabularySize === 'auto' ? await plannedSize(artifact('plan')) : section.vocabularySize;
  const report = reporter(context);
  const trainedOn = { documents: 0, characters: 0 };
  const tokenizer = await trainTokenizer({
    texts: textsOf(join(artifact('split'), 'train.parquet')),
    vocabularySize: askedFor,
    pattern: section.pattern,
    minimumFrequency: section.minimumFrequency,
    threads: availableParallelism(),
    signal,
    onProgress: (progress) => {
      if (progress.kind === 'counting') {
        trainedOn.documents = progress.texts;
        trainedOn.characters = progress.characters;
      }
      report(progress);
    },
  });
  const { vocabularySize } = tokenizer;
  if (vocabularySize < askedFor) {
    const text = `the text gives only ${vocabularySize} of ${askedFor} tokens: no pair is left that occurs ${section.minimumFrequency} times`;
    emit({ kind: 'warning', step: 'tokenizer', text });
  }
  const heldOut = await measure(tokenizer, join(artifact('split'), 'validation.parquet'));
  writeFileAtomic(join(folder, 'tokenizer.json'), tokenizer.toJson());
  const summary: TokenizerSummary = {
    hash: tokenizer.hash,
    pattern: section.pattern,
    vocabularySize,
    askedFor,
    trainedOn,
    heldOut,
    longestTokens: longestTokens(tokenizer, 12),
    elapsedMs: clock.now() - startedMs,
  };
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

/** Training documents → `tokenizer.json`. Errors: FILE_INVALID, TABLE_CORRUPT, FILE_NOT_WRITTEN, NATIVE_ABSENT. */
export const tokenizerStep: Step<TokenizerSection> = {
  name: 'tokenizer',
  version: 1,
  inputs: ['plan', 'split'],
  run: async (context) => {
    try {
      return { kind: 'done', summary: await learn(context) };
    } catch (error) {
      if (error instanceof OctavoError && error.code === 'INTERRUPTED') return { kind: 'interrupted' };
      throw error;
    }
  },
};
