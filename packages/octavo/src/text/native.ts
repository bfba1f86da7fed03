import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { fail } from '../core/index.js';
import type { TextVector } from '../formats/index.js';

/** Objects that only the native part can look into. */
export type NativeTokenizer = object & { readonly brand: 'NativeTokenizer' };
export type NativeTrainer = object & { readonly brand: 'NativeTrainer' };

/** What `native/text` offers. Texts are strings (lone surrogates become U+FFFD) or UTF-8. */
export interface NativeText {
  readonly unicodeVersion: string;
  readonly createTokenizer: (
    pattern: number,
    wholeWordsFirst: boolean,
    unknown: number,
    bytes: Uint8Array,
    starts: Uint32Array,
    special: Uint8Array,
    merges: Uint32Array,
  ) => NativeTokenizer;
  readonly encode: (tokenizer: NativeTokenizer, text: string | Uint8Array) => Uint32Array;
  /** All ids one after another, and where those of each text end. */
  readonly encodeBatch: (
    tokenizer: NativeTokenizer,
    texts: readonly (string | Uint8Array)[],
    threads: number,
  ) => readonly [ids: Uint32Array, ends: Uint32Array];
  /** Ids of all texts, each with `after` behind it, in the narrowest array for the vocabulary; off this thread. */
  readonly encodeJoined: (
    tokenizer: NativeTokenizer,
    texts: readonly TextVector[],
    after: number,
    threads: number,
  ) => Promise<Uint16Array | Uint32Array>;
  readonly decode: (tokenizer: NativeTokenizer, ids: Uint32Array) => Uint8Array;
  /** Where each piece ends, in bytes. */
  readonly scan: (pattern: number, text: string | Uint8Array) => Uint32Array;
  readonly createTrainer: (pattern: number, threads: number) => NativeTrainer;
  readonly countWords: (trainer: NativeTrainer, texts: readonly (string | Uint8Array)[]) => Promise<void>;
  readonly learnMerges: (
    trainer: NativeTrainer,
    tokens: number,
    minimumFrequency: number,
    progress: (tokens: number) => void,
  ) => Promise<readonly [bytes: Uint8Array, starts: Uint32Array, merges: Uint32Array]>;
  readonly stopTraining: (trainer: NativeTrainer) => void;
  /** Signature and, behind it, the sorted hashes of 5-word runs; the text is in lower case. */
  readonly minHash: (text: string) => Int32Array;
  /** Spans of bytes that occurred before, from and to by turns; documents end at `ends`. */
  readonly repeatedSpans: (bytes: Uint8Array, ends: Uint32Array, least: number) => Uint32Array;
  readonly learnCharacters: (table: Uint32Array, text: string) => void;
  /** The probability of a text is the first number times two to the power of the second. */
  readonly characterOdds: (table: Uint32Array, text: string) => Float64Array;
  /** Of each line of JSON as many values as names: its texts; or its bytes, or null for a blank line, and nothing. */
  readonly jsonRows: (
    lines: Uint8Array,
    names: readonly Uint8Array[],
  ) => readonly (string | Uint8Array | null | undefined)[];
}

const require = createRequire(import.meta.url);

/** Where the addon can be: built in the repository, or in the optional package of this platform. */
const candidates = (): readonly string[] => {
  const built = fileURLToPath(new URL('../../native/build/text.node', import.meta.url));
  const installed = `@octavo/native-${process.platform}-${process.arch}/text.node`;
  return [...(existsSync(built) ? [built] : []), installed];
};

let loaded: NativeText | undefined;

/** Loads the addon once. Errors: NATIVE_ABSENT. */
export const nativeText = (): NativeText => {
  if (loaded !== undefined) return loaded;
  let cause: unknown;
  for (const path of candidates()) {
    try {
      loaded = require(path) as NativeText;
      return loaded;
    } catch (error) {
      cause = error;
    }
  }
  throw fail('NATIVE_ABSENT', {
    what: `the native tokenizer is not there for ${process.platform}-${process.arch}`,
    where: candidates().join(' and '),
    remedy:
      'build it: `npm run build` in the repository (needs g++ and make); elsewhere install octavo again, with optional packages',
    cause,
  });
};
