import { createHash } from 'node:crypto';
import { fail } from '../core/index.js';
import type { TextVector, TokenIds } from '../formats/index.js';
import { nativeText } from './native.js';
import { type PatternName, patternNumber } from './patterns.js';
import { writeTokenizerJson } from './tokenizer-json.js';
import { bytesOfToken, type SpecialToken, type Vocabulary, vocabularySizeOf } from './vocabulary.js';

/** Text to token ids and back. Text given as a string is taken as well-formed: lone surrogates become U+FFFD. */
export interface Tokenizer {
  /** Ids are below this. */
  readonly vocabularySize: number;
  readonly pattern: PatternName;
  readonly specialTokens: readonly SpecialToken[];
  /** SHA-256 of `toJson()`. */
  readonly hash: string;
  /** Special tokens written in the text stay text. UTF-8 may be given too, well-formed or not. */
  readonly encode: (text: string | Uint8Array) => Uint32Array;
  /** The same for many texts, on several threads; the ids do not depend on their number. */
  readonly encodeBatch: (
    texts: readonly (string | Uint8Array)[],
    options?: { readonly threads?: number },
  ) => readonly Uint32Array[];
  /** Ids of all texts of a table one after another, the id `after` behind each; encoded off this thread, on several. */
  readonly encodeJoined: (
    texts: readonly TextVector[],
    options: { readonly after: number; readonly threads?: number },
  ) => Promise<TokenIds>;
  /** For text that we wrote ourselves: special tokens written in it become special tokens. */
  readonly encodeWithSpecialTokens: (text: string) => Uint32Array;
  /** Bytes that are no UTF-8 become U+FFFD. Errors: TOKENIZER_INVALID for an id outside the vocabulary. */
  readonly decode: (ids: ArrayLike<number>) => string;
  readonly decodeBytes: (ids: ArrayLike<number>) => Uint8Array;
  /** Empty for an unused id. */
  readonly tokenBytes: (id: number) => Uint8Array;
  readonly idOfSpecial: (content: string) => number | undefined;
  /** A Hugging Face `tokenizer.json`: the same vocabulary gives the same text. */
  readonly toJson: () => string;
}

const noUnknown = 0xffffffff;

const createNative = (vocabulary: Vocabulary) => {
  const special = new Uint8Array(vocabularySizeOf(vocabulary));
  for (const { id } of vocabulary.specialTokens) special[id] = 1;
  return nativeText().createTokenizer(
    patternNumber(vocabulary.pattern),
    vocabulary.wholeWordsFirst,
    vocabulary.unknown ?? noUnknown,
    vocabulary.bytes,
    vocabulary.starts,
    special,
    vocabulary.merges,
  );
};

/** Matches the special tokens in a text, the longest first. */
const specialMatcher = (specialTokens: readonly SpecialToken[]): RegExp =>
  new RegExp(
    specialTokens
      .map(({ content }) => content)
      .toSorted((a, b) => b.length - a.length)
      .map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
      .join('|'),
    'g',
  );

const concatenate = (parts: readonly ArrayLike<number>[]): Uint32Array => {
  const all = new Uint32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** Makes a tokenizer of its data. Errors: NATIVE_ABSENT, TOKENIZER_INVALID. */
export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const native = nativeText();
  const { specialTokens } = vocabulary;
  const tokenizer = (() => {
    try {
      return createNative(vocabulary);
    } catch (cause) {
      throw fail('TOKENIZER_INVALID', {
        what: cause instanceof Error ? cause.message : String(cause),
        remedy: 'get the tokenizer again from its source',
        cause,
      });
    }
  })();
  const special = new Map(specialTokens.map(({ content, id }) => [content, id]));
  const size = vocabularySizeOf(vocabulary);
  let json: string | undefined;
  let hash: string | undefined;
  const toJson = () => {
    json ??= writeTokenizerJson(vocabulary);
    return json;
  };
  const encode = (text: string | Uint8Array) => native.encode(tokenizer, text);

  const decodeBytes = (ids: ArrayLike<number>): Uint8Array => {
    const list = ids instanceof Uint32Array ? ids : Uint32Array.from(ids);
    try {
      return native.decode(tokenizer, list);
    } catch (cause) {
      throw fail('TOKENIZER_INVALID', {
        what: cause instanceof Error ? cause.message : String(cause),
        remedy: `ids run from 0 to ${size - 1}: use the tokenizer that the ids were made with`,
        cause,
      });
    }
  };

  return {
    vocabularySize: size,
    pattern: vocabulary.pattern,
    specialTokens,
    get hash() {
      hash ??= createHash('sha256').update(toJson()).digest('hex');
      return hash;
    },
    encode,
    encodeBatch: (texts, { threads = 1 } = {}) => {
      const [ids, ends] = native.encodeBatch(tokenizer, texts, threads);
      return Array.from(ends, (end, index) => ids.subarray(index === 0 ? 0 : ends[index - 1], end));
    },
    encodeJoined: (texts, { after, threads = 1 }) => native.encodeJoined(tokenizer, texts, after, threads),
    encodeWithSpecialTokens: (text) => {
      if (specialTokens.length === 0) return encode(text);
      const parts: ArrayLike<number>[] = [];
      let from = 0;
      for (const match of text.matchAll(specialMatcher(specialTokens))) {
        if (match.index > from) parts.push(encode(text.slice(from, match.index)));
        const id = special.get(match[0]);
        if (id !== undefined) parts.push([id]);
        from = match.index + match[0].length;
      }
      if (from < text.length) parts.push(encode(text.slice(from)));
      return concatenate(parts);
    },
    decode: (ids) => {
      const bytes = decodeBytes(ids);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    },
    decodeBytes,
    tokenBytes: (id) => bytesOfToken(vocabulary, id),
    idOfSpecial: (content) => special.get(content),
    toJson,
  };
}
