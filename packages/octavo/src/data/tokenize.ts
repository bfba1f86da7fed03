import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { invariant, OctavoError, writeFileAtomic } from '../core/index.js';
import { openTokenShard, streamTokenShard, type TokenIds, type TokenShardStream } from '../formats/index.js';
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

const shardName = (split: Split, number: number) => `${split}-${String(number).padStart(5, '0')}.tokens`;

interface ShardsOf {
  readonly folder: string;
  readonly split: Split;
  readonly shardTokens: number;
  readonly load: () => Promise<{ readonly tokenizer: Tokenizer }>;
}

/** How many full shards an earlier run of the step has left. */
async function countFull({ folder, split, shardTokens, load }: ShardsOf): Promise<number> {
  const { hash: tokenizerHash } = (await load()).tokenizer;
  for (let full = 0; ; full++) {
    try {
      const path = join(folder, shardName(split, full));
      await using shard = await openTokenShard(path, { tokenizerHash });
      if (shard.header.count !== shardTokens) return full;
      await shard.read(0, 0);
    } catch (error) {
      if (error instanceof OctavoError) return full;
      throw error;
    }
  }
}

/** Writes ids to one shard after another, each full but the last. Of ids that are there, `tokens` are not given again. */
function shardWriter({ folder, split, shardTokens, load }: ShardsOf, there = { full: 0, tokens: 0 }) {
  const shards = Array.from({ length: there.full }, (_, number) => shardName(split, number));
  let { tokens } = there;
  let room = 0;
  let shard: TokenShardStream | undefined;
  let finished: Promise<void> = Promise.resolve();
  const begin = async (): Promise<TokenShardStream> => {
    const name = shardName(split, shards.length);
    const { vocabularySize, hash: tokenizerHash } = (await load()).tokenizer;
    shard = await streamTokenShard(join(folder, name), { vocabularySize, tokenizerHash });
    shards.push(name);
    room = shardTokens;
    return shard;
  };
  const end = async (): Promise<void> => {
    await finished;
    // It reaches the disk while the next one is written.
    finished = shard?.finish() ?? finished;
    finished.catch(() => {});
    shard = undefined;
  };
  return {
    add: async (more: TokenIds): Promise<void> => {
      const known = Math.max(0, there.full * shardTokens - tokens);
      tokens += more.length;
      for (let from = Math.min(known, more.length); from < more.length; ) {
        const open = shard ?? (await begin());
        const part = more.subarray(from, from + room);
        await open.add(part);
        from += part.length;
        room -= part.length;
        if (room === 0) await end();
      }
    },
    finish: async () => {
      if (shards.length === 0) await begin();
      await end();
      await finished;
      return { tokens, shards };
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await shard?.[Symbol.asyncDispose]();
      await finished.catch(() => undefined);
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
  const { known, load } = work;
  const total = splits.reduce((sum, split) => sum + known[split].bytes, 0);
  const told = progress('tokenize', { ...context, total, unit: 'bytes' });
  count = told.add;
  const { shardTokens } = section;
  const isFresh = !existsSync(join(folder, shardName('train', 0)));
  const full = isFresh ? 0 : await countFull({ folder, split: 'train', shardTokens, load });
  const resumed = await work.resume(full * shardTokens);
  const working = shareOut(work, { kind: 'tokenize', place }, { workers, emit });
  const results = work.results(working, resumed.units);
  const totalsOf = async (split: Split): Promise<Totals> => {
    const there = split === 'train' ? { full, tokens: resumed.tokens } : undefined;
    await using writer = shardWriter({ folder, split, shardTokens, load }, there);
    for (let unit = split === 'train' ? resumed.units : 0; unit < work.unitsOf(split); unit++) {
      const result = await results.next();
      invariant(result.done !== true, 'every unit has its ids');
      await writer.add(result.value);
    }
    const { documents, bytes } = known[split];
    return { documents, bytes, ...(await writer.finish()) };
  };
  try {
    const train = await totalsOf('train');
    const { tokenizer, end } = await load();
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
