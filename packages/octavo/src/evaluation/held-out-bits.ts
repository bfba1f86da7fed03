import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../core/index.js';
import { openTokenShard } from '../formats/index.js';
import type { Tokenizer } from '../text/index.js';
import { bootstrapInterval, type Interval } from './intervals.js';
import { kneserNey } from './kneser-ney.js';
import { bitsPerByte, perplexity } from './metrics.js';
import { countNgrams } from './ngram-counts.js';

/** The ids of a split's shards one after another, `limit` at most. Errors: FILE_UNREADABLE, TOKEN_SHARD_CORRUPT. */
export async function readSplit(
  folder: string,
  split: 'train' | 'validation' | 'test',
  { tokenizer, limit = Number.POSITIVE_INFINITY }: { readonly tokenizer: Tokenizer; readonly limit?: number },
): Promise<Uint32Array> {
  const names = (await readdir(folder)).filter((name) => new RegExp(`^${split}-\\d+\\.tokens$`).test(name)).toSorted();
  if (names.length === 0)
    throw fail('FILE_UNREADABLE', {
      what: `there are no ${split}-….tokens`,
      where: folder,
      remedy: 'run the tokenize step',
    });
  const parts: ArrayLike<number>[] = [];
  let total = 0;
  for (const name of names) {
    await using shard = await openTokenShard(join(folder, name), { tokenizerHash: tokenizer.hash });
    const count = Math.min(shard.header.count, limit - total);
    if (count === 0) break;
    parts.push(await shard.read(0, count));
    total += count;
  }
  const ids = new Uint32Array(total);
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  return ids;
}

/** Bytes of text of each id; control tokens are none. */
export function textBytes(tokenizer: Tokenizer): Uint32Array {
  const bytes = Uint32Array.from({ length: tokenizer.vocabularySize }, (_, id) => tokenizer.tokenBytes(id).length);
  for (const { id } of tokenizer.specialTokens) bytes[id] = 0;
  return bytes;
}

/** The text of a token stream, without control tokens. */
export function streamText(ids: Uint32Array, tokenizer: Tokenizer): Uint8Array {
  const special = new Set(tokenizer.specialTokens.map(({ id }) => id));
  return tokenizer.decodeBytes(ids.filter((id) => !special.has(id)));
}

export interface ModelBits extends Interval {
  readonly bitsPerByte: number;
  readonly perplexity: number;
}

/** Tokens that are resampled together: neighbours depend on each other. */
const blockTokens = 1024;

/**
 * Bits a byte of a model from the nats of `ids[1]`, `ids[2]`, …, each given all before it that the model can see; the
 * interval is a bootstrap over blocks of 1,024 tokens.
 */
export function modelBits(
  ids: Uint32Array,
  nats: ArrayLike<number>,
  { bytesOf, seed, samples }: { readonly bytesOf: Uint32Array; readonly seed: number; readonly samples: number },
): ModelBits {
  const blocks: { nats: number; bytes: number }[] = [];
  for (let from = 0; from < nats.length; from += blockTokens) {
    const block = { nats: 0, bytes: 0 };
    for (let i = from; i < Math.min(nats.length, from + blockTokens); i += 1) {
      block.nats += nats[i] ?? Number.NaN;
      block.bytes += bytesOf[ids[i + 1] ?? 0] ?? 0;
    }
    blocks.push(block);
  }
  const sum = (drawn: typeof blocks) =>
    drawn.reduce((total, block) => ({ nats: total.nats + block.nats, bytes: total.bytes + block.bytes }), {
      nats: 0,
      bytes: 0,
    });
  const whole = sum(blocks);
  return {
    bitsPerByte: bitsPerByte(whole),
    perplexity: perplexity({ nats: whole.nats, tokens: nats.length }),
    ...bootstrapInterval(blocks, (drawn) => bitsPerByte(sum([...drawn])), { seed, samples }),
  };
}

export interface NgramBits {
  readonly unigram: number;
  readonly bigram: number;
  readonly trigram: number;
  readonly fivegram: number;
}

/** Bits a byte of Kneser–Ney models of order 1, 2, 3 and 5 of the training tokens, on the held-out ones. */
export function ngramBits(
  training: Uint32Array,
  heldOut: Uint32Array,
  { vocabularySize, bytesOf }: { readonly vocabularySize: number; readonly bytesOf: Uint32Array },
): NgramBits {
  const counts = countNgrams(training, { vocabularySize, maximumOrder: 5 });
  const bytes = heldOut.reduce((sum, id) => sum + (bytesOf[id] ?? 0), 0);
  const bits = (order: number) => bitsPerByte({ nats: kneserNey(counts, order).nats(heldOut), bytes });
  return { unigram: bits(1), bigram: bits(2), trigram: bits(3), fivegram: bits(5) };
}
