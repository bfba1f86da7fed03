import { fail, visibleLine } from '../core/index.js';
import { tokenizerLimits } from './limits.js';
import type { PatternName } from './patterns.js';
import { layOut, type SpecialToken, type Vocabulary } from './vocabulary.js';

export interface TiktokenOptions {
  readonly pattern: PatternName;
  readonly specialTokens: readonly SpecialToken[];
  /** Names the file in errors. */
  readonly where: string;
}

const known: ReadonlyMap<string, Omit<TiktokenOptions, 'where'>> = new Map([
  ['gpt2', { pattern: 'gpt2', specialTokens: [{ content: '<|endoftext|>', id: 50256 }] }],
  ['r50k_base', { pattern: 'gpt2', specialTokens: [{ content: '<|endoftext|>', id: 50256 }] }],
  [
    'cl100k_base',
    {
      pattern: 'cl100k',
      specialTokens: [
        { content: '<|endoftext|>', id: 100257 },
        { content: '<|fim_prefix|>', id: 100258 },
        { content: '<|fim_middle|>', id: 100259 },
        { content: '<|fim_suffix|>', id: 100260 },
        { content: '<|endofprompt|>', id: 100276 },
      ],
    },
  ],
  [
    'o200k_base',
    {
      pattern: 'o200k',
      specialTokens: [
        { content: '<|endoftext|>', id: 199999 },
        { content: '<|endofprompt|>', id: 200018 },
      ],
    },
  ],
]);

/** Pattern and special tokens of OpenAI's encodings, which their files do not hold: by name, as "cl100k_base". */
export const tiktokenEncoding = (name: string): Omit<TiktokenOptions, 'where'> | undefined => known.get(name);

const key = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

const readRanks = (text: string, where: string): Map<number, Uint8Array> => {
  const ranks = new Map<number, Uint8Array>();
  const refuse = (line: number, what: string) =>
    fail('TOKENIZER_INVALID', { what, where: `${where}:${line}`, remedy: 'get the file again from its source' });
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line === '\r') continue;
    const match = /^([A-Za-z0-9+/]{1,8192}={0,2}) (\d{1,9})\r?$/.exec(line);
    if (match === null)
      throw refuse(index + 1, `a token in Base64 and its rank are expected, not "${visibleLine(line, 40)}"`);
    const bytes = new Uint8Array(Buffer.from(match[1] ?? '', 'base64'));
    const rank = Number(match[2]);
    if (rank >= tokenizerLimits.vocabularySize)
      throw refuse(index + 1, `rank ${rank} is beyond the limit of ${tokenizerLimits.vocabularySize} tokens`);
    if (ranks.has(rank)) throw refuse(index + 1, `rank ${rank} comes twice`);
    if (bytes.length === 0) throw refuse(index + 1, 'a token has no bytes');
    ranks.set(rank, bytes);
  }
  return ranks;
};

/** Every way in which two tokens make a third, in the order of what they make: tiktoken merges by the rank of the result. */
const mergesOf = (ranks: ReadonlyMap<number, Uint8Array>, where: string): Uint32Array => {
  const idOf = new Map<string, number>();
  for (const [id, bytes] of ranks) {
    const name = key(bytes);
    if (idOf.has(name))
      throw fail('TOKENIZER_INVALID', {
        what: `ranks ${idOf.get(name)} and ${id} are the same token`,
        where,
        remedy: 'get the file again from its source',
      });
    idOf.set(name, id);
  }
  const merges: number[] = [];
  for (const [name, id] of [...idOf].sort((a, b) => a[1] - b[1])) {
    const ways: (readonly [left: number, right: number])[] = [];
    for (let cut = 1; cut < name.length; cut += 1) {
      const left = idOf.get(name.slice(0, cut));
      const right = left === undefined ? undefined : idOf.get(name.slice(cut));
      if (left !== undefined && right !== undefined) ways.push([left, right]);
    }
    for (const [left, right] of ways.sort((a, b) => a[0] - b[0] || a[1] - b[1])) merges.push(left, right, id);
  }
  return Uint32Array.from(merges);
};

/** Reads OpenAI's `.tiktoken` form: a line a token, Base64 and rank. Errors: TOKENIZER_INVALID. */
export function readTiktoken(text: string, { pattern, specialTokens, where }: TiktokenOptions): Vocabulary {
  const ranks = readRanks(text, where);
  const merges = mergesOf(ranks, where);
  const tokens = new Map(ranks);
  for (const { content, id } of specialTokens) {
    if (tokens.has(id))
      throw fail('TOKENIZER_INVALID', {
        what: `the id ${id} of ${content} is taken by another token`,
        where,
        remedy: 'use the special tokens that belong to this file',
      });
    tokens.set(id, new TextEncoder().encode(content));
  }
  let size = 0;
  for (const id of tokens.keys()) size = Math.max(size, id + 1);
  if (size > 2 * tokens.size + 1024)
    throw fail('TOKENIZER_INVALID', {
      what: `ids run to ${size - 1}, but there are only ${tokens.size} tokens`,
      where,
      remedy: 'get the file again from its source',
    });
  return { pattern, wholeWordsFirst: true, ...layOut(tokens, size), merges, specialTokens };
}
