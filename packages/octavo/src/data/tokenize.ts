import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { invariant, writeFileAtomic } from '../core/index.js';
import { type TokenIds, tokenIds, writeTokenShard } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import type { Tokenizer } from '../text/index.js';
import { interruptible } from './interruptible.js';
import { type Split, splits } from './plan-split.js';
import { progress } from './progress.js';
import { shareOut } from './scale/helpers.js';
import type { TokenizeSection, Workers } from './section.js';
import type { TokenizeSummary } from './summaries.js';
import { tokenizeWork } from './tokenize-work.js';

type Totals = TokenizeSummary['train'];

/** Gathers ids in room for one shard, and writes it whenever it is full. */
function shardWriter(
  folder: string,
  split: Split,
  { ids, tokenizer }: { readonly ids: TokenIds; readonly tokenizer: Tokenizer },
) {
  const shards: string[] = [];
  let filled = 0;
  let tokens = 0;
  const flush = () => {
    const name = `${split}-${String(shards.length).padStart(5, '0')}.tokens`;
    const { vocabularySize, hash: tokenizerHash } = tokenizer;
    writeTokenShard(join(folder, name), { ids: ids.subarray(0, filled), vocabularySize, tokenizerHash });
    shards.push(name);
    filled = 0;
  };
  return {
    add: (more: TokenIds) => {
      tokens += more.length;
      for (let from = 0; from < more.length; ) {
        const part = more.subarray(from, from + ids.length - filled);
        ids.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled === ids.length) flush();
      }
    },
    finish: () => {
      if (filled > 0 || shards.length === 0) flush();
      return { tokens, shards };
    },
  };
}

/** Encodes all documents, and joins what is encoded while later ones are worked on. */
async function tokenizeAll(
  context: StepContext<TokenizeSection & Workers>,
): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, cacheFolder, emit } = context;
  const { workers = 1 } = section;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const place = {
    cacheFolder,
    from: context.artifact('split'),
    tokenizer: join(context.artifact('tokenizer'), 'tokenizer.json'),
    threads: Math.max(1, Math.floor(availableParallelism() / workers)),
  };
  let count = (_bytes: number): void => {};
  const work = await tokenizeWork({ ...place, signal }, (bytes) => count(bytes));
  await work.reopen();
  const { known } = work;
  const total = splits.reduce((sum, split) => sum + known[split].bytes, 0);
  const told = progress('tokenize', { ...context, total, unit: 'bytes' });
  count = told.add;
  const working = shareOut(work, { kind: 'tokenize', place }, { workers, emit });
  const results = work.results(working);
  const { tokenizer, end } = await work.load();
  const ids = tokenIds(tokenizer.vocabularySize, section.shardTokens);
  const totalsOf = async (split: Split): Promise<Totals> => {
    const writer = shardWriter(folder, split, { ids, tokenizer });
    for (let unit = 0; unit < work.unitsOf(split); unit++) {
      const result = await results.next();
      invariant(result.done !== true, 'every unit has its ids');
      writer.add(result.value);
    }
    const { documents, bytes } = known[split];
    return { documents, bytes, ...writer.finish() };
  };
  try {
    const train = await totalsOf('train');
    const summary: TokenizeSummary = {
      tokenizerHash: tokenizer.hash,
      vocabularySize: tokenizer.vocabularySize,
      endOfTextId: end,
      train,
      validation: await totalsOf('validation'),
      test: await totalsOf('test'),
    };
    await working;
    told.finish();
    writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
    await work.finish();
    return summary;
  } finally {
    stop.abort();
    await working.catch(() => undefined);
    work.close();
  }
}

/**
 * Split documents and tokenizer → token shards. Each document is followed by the end-of-text token, documents stand in
 * shuffled order, and a document may run over from one shard into the next. Errors: TABLE_CORRUPT, FILE_NOT_WRITTEN.
 */
export const tokenize: Step<TokenizeSection & Workers> = {
  name: 'tokenize',
  version: 1,
  inputs: ['split', 'tokenizer'],
  run: (context) => interruptible(context.signal, () => tokenizeAll(context)),
};
