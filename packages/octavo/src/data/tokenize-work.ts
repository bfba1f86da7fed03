import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, invariant, OctavoError, writeFileAtomic } from '../core/index.js';
import { openTexts, openTokenShard, type TokenIds, verifyChecksum, writeTokenShard } from '../formats/index.js';
import { canonicalJson, hashFile, sha256 } from '../project/index.js';
import { endOfText, loadTokenizer, type Tokenizer } from '../text/index.js';
import { type Split, splits } from './plan-split.js';
import { readSummary } from './read-summary.js';
import { shardPath, sharedShards } from './scale/shared-shards.js';
import { SplitSummary } from './summaries.js';
import { unitsOf } from './tokenize-units.js';

export interface TokenizePlace {
  readonly cacheFolder: string;
  /** The folder of the split step. */
  readonly from: string;
  /** The path of tokenizer.json. */
  readonly tokenizer: string;
  /** Threads that encode; the ids do not depend on their number. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** Raised when the same documents and tokenizer could give other shards. */
const shardVersion = 2;

const tableOf = (from: string, split: Split) => join(from, `${split}.parquet`);

/** Where the shards of split documents and a tokenizer lie: the same place for every process that works on them. */
export async function tokenizeFolder({ cacheFolder, from, tokenizer }: Omit<TokenizePlace, 'signal'>): Promise<string> {
  const sums = splits.map(async (split) => [split, await readFile(`${tableOf(from, split)}.sha256`, 'utf8')] as const);
  const key = {
    version: shardVersion,
    documents: Object.fromEntries(await Promise.all(sums)),
    tokenizer: await hashFile(tokenizer),
  };
  return join(cacheFolder, 'tokenize', sha256(canonicalJson(key)).slice(0, 32));
}

function endOfTextOf(tokenizer: Tokenizer): number {
  const id = tokenizer.idOfSpecial(endOfText);
  if (id !== undefined) return id;
  throw fail('DATA_SOURCE', {
    what: `the tokenizer has no ${endOfText}, which is to stand between documents`,
    where: 'tokenizer.json',
    remedy: 'run the tokenizer step, or use a tokenizer that has it',
  });
}

const Mark = z.strictObject({ tokens: z.number().int().min(0) });

/** The number of ids of a unit that was given on at once; undefined where there is no mark. */
async function readMark(path: string): Promise<number | undefined> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      return Mark.parse(JSON.parse(buffer.toString('utf8', 0, bytesRead))).tokens;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

async function countTokens(path: string): Promise<number | undefined> {
  try {
    await using shard = await openTokenShard(path);
    return shard.header.count;
  } catch (error) {
    if (error instanceof OctavoError) return undefined;
    throw error;
  }
}

/** Opens the encoding of documents: what any number of processes may do side by side. Errors: RUN_ABSENT, DATA_SOURCE, TABLE_CORRUPT. */
export async function tokenizeWork(place: TokenizePlace, onBytes: (count: number) => void) {
  const { from, threads, signal } = place;
  const known = await readSummary(from, SplitSummary);
  const [tables] = await Promise.all([
    openTexts(splits.map((split) => tableOf(from, split))),
    ...splits.map((split) => verifyChecksum(tableOf(from, split))),
  ]);
  const folder = await tokenizeFolder(place);
  const units = (
    await Promise.all(
      splits.map(async (split) => {
        const units = unitsOf(await tables.groups(tableOf(from, split)));
        const documents = units.reduce((sum, { count }) => sum + count, 0);
        invariant(documents === known[split].documents, `${split} has the documents that the split step counted`);
        return units.map((rows) => ({ split, rows }));
      }),
    )
  ).flat();
  const unitAt = (number: number) => {
    const unit = units[number];
    invariant(unit !== undefined, 'the unit is one of the plan');
    return unit;
  };

  let loaded: Promise<{ readonly tokenizer: Tokenizer; readonly end: number }> | undefined;
  const load = () => {
    loaded ??= loadTokenizer(place.tokenizer).then((tokenizer) => ({ tokenizer, end: endOfTextOf(tokenizer) }));
    return loaded;
  };

  /** The ids of the documents of a unit, each with the end of text behind it. */
  const make = async (number: number, alive: () => void): Promise<TokenIds> => {
    const { split, rows } = unitAt(number);
    const texts = await tables.texts(tableOf(from, split), rows);
    try {
      const { tokenizer, end } = await load();
      signal.throwIfAborted();
      alive();
      return await tokenizer.encodeJoined(texts, { after: end, threads });
    } finally {
      for (const { release } of texts) release();
    }
  };
  const write = async (path: string, ids: TokenIds): Promise<void> => {
    const { vocabularySize, hash: tokenizerHash } = (await load()).tokenizer;
    writeTokenShard(path, { ids, vocabularySize, tokenizerHash }, { sync: false });
  };
  const mark = (path: string, { length }: TokenIds) => {
    writeFileAtomic(path, JSON.stringify({ tokens: length }), { sync: false });
  };
  const read = async (path: string): Promise<TokenIds | undefined> => {
    const tokenizerHash = (await load()).tokenizer.hash;
    try {
      await using shard = await openTokenShard(path, { tokenizerHash });
      return await shard.read(0, shard.header.count);
    } catch (error) {
      if (error instanceof OctavoError) return undefined;
      throw error;
    }
  };
  // One is read while one is encoded; of several processes each leaves the next shard to the others.
  const lanes = threads > 1 ? 2 : 1;
  const shards = sharedShards({ folder, count: units.length, make, write, mark, read, signal, lanes });
  return {
    ...shards,
    load,
    known,
    /**
     * To be called before the step begins: how many of the first units need not be made, since their ids are among the
     * first `durable` of train, which are in whole shards; and how many ids they have. Other marks are taken away.
     */
    resume: async (durable: number): Promise<{ readonly units: number; readonly tokens: number }> => {
      const there = { units: 0, tokens: 0 };
      for (const [number, { split }] of units.entries()) {
        const path = shardPath(folder, number);
        const marked = await readMark(path);
        // Where one has to be made, those behind it have too.
        const tokens = there.units < number || durable === 0 ? undefined : (marked ?? (await countTokens(path)));
        if (split === 'train' && tokens !== undefined && there.tokens + tokens <= durable) {
          there.units++;
          there.tokens += tokens;
        } else if (marked !== undefined) await rm(path, { force: true });
      }
      return there;
    },
    close: tables.close,
    shards: units.length,
    /** Units of work of one split; those of train come first. */
    unitsOf: (split: Split): number => units.filter((unit) => unit.split === split).length,
    documents: splits.reduce((sum, split) => sum + known[split].documents, 0),
    run: (onDone: (documents: number, isOurs: boolean) => void = () => {}): Promise<number> =>
      shards.run((number, isOurs) => {
        const { split, rows } = unitAt(number);
        onBytes((known[split].bytes / known[split].documents) * rows.count);
        onDone(rows.count, isOurs);
      }),
  };
}
