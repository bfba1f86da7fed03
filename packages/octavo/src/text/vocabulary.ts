import type { PatternName } from './patterns.js';

/** A token that text never becomes by itself: it marks a document, a speaker, an end. */
export interface SpecialToken {
  readonly content: string;
  readonly id: number;
}

/** A byte-level BPE tokenizer as plain data. */
export interface Vocabulary {
  readonly pattern: PatternName;
  /** A piece of text that is a token is that token, whatever the merges say. */
  readonly wholeWordsFirst: boolean;
  /** The bytes of all tokens, special ones (in UTF-8) included, one after another by id. */
  readonly bytes: Uint8Array;
  /** Where the bytes of each id begin, and at last where they end; an unused id has none. */
  readonly starts: Uint32Array;
  /** left, right, made; by rank. */
  readonly merges: Uint32Array;
  readonly specialTokens: readonly SpecialToken[];
  /** The id that stands for bytes without a token; needed only where some of the 256 bytes have none. */
  readonly unknown?: number;
}

export const vocabularySizeOf = ({ starts }: Vocabulary): number => starts.length - 1;

export const bytesOfToken = ({ bytes, starts }: Vocabulary, id: number): Uint8Array =>
  bytes.subarray(starts[id] ?? bytes.length, starts[id + 1] ?? bytes.length);

/** Puts tokens one after another by id; ids that are missing between them are unused. */
export const layOut = (
  tokens: ReadonlyMap<number, Uint8Array>,
  size: number,
): { readonly bytes: Uint8Array; readonly starts: Uint32Array } => {
  const starts = new Uint32Array(size + 1);
  for (let id = 0; id < size; id += 1) starts[id + 1] = (starts[id] ?? 0) + (tokens.get(id)?.length ?? 0);
  const bytes = new Uint8Array(starts[size] ?? 0);
  for (const [id, token] of tokens) bytes.set(token, starts[id]);
  return { bytes, starts };
};
