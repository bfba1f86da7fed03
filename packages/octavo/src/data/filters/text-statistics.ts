import { PairIds, WordRuns } from './repeats.js';
import { type Words, wordsOf } from './words.js';

/** What the rules ask of a text: each part is computed when first asked for, once. */
export interface TextStatistics {
  readonly text: string;
  /** Code points. */
  readonly characters: number;
  readonly words: Words;
  /** Ids of the words, the same for the same word, counted from 0, and how many there are. */
  readonly vocabulary: { readonly ids: Int32Array; readonly distinct: number };
  readonly runs: WordRuns;
  /** At `\n`, `\r`, `\r\n` and the rarer line ends, without a last empty one. */
  readonly lines: readonly string[];
}

/** Code points between two places. */
export function codePoints(text: string, from: number, to: number): number {
  let count = to - from;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0xdc00 && code <= 0xdfff) count--;
  }
  return count;
}

/** Words as ids by their characters: each prefix of a word has an id, two characters at a step. */
function idsOf(text: string, { count, starts, ends }: Words) {
  let steps = 0;
  for (let n = 0; n < count; n++) steps += ((ends[n] ?? 0) - (starts[n] ?? 0) + 3) >> 1;
  const prefixes = new PairIds(steps);
  const dense = new Map<number, number>();
  const ids = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    let prefix = -1;
    const end = ends[n] ?? 0;
    for (let at = starts[n] ?? 0; at < end; at += 2) {
      const second = at + 1 < end ? text.charCodeAt(at + 1) : 0;
      prefix = prefixes.idOf(prefix, (text.charCodeAt(at) << 16) | second);
    }
    let id = dense.get(prefix);
    if (id === undefined) {
      id = dense.size;
      dense.set(prefix, id);
    }
    ids[n] = id;
  }
  return { ids, distinct: dense.size };
}

/** The file, group and record separators end a line too, as in Python. */
export const splitLines = (text: string): readonly string[] => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what ends these lines.
  const lines = text.split(/\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

export function textStatistics(text: string): TextStatistics {
  const once = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | undefined;
    return () => {
      made ??= { value: make() };
      return made.value;
    };
  };
  const characters = once(() => codePoints(text, 0, text.length));
  const words = once(() => wordsOf(text));
  const vocabulary = once(() => idsOf(text, words()));
  const lines = once(() => splitLines(text));
  const runs = once(() => {
    const { count, starts, ends } = words();
    const lengths = new Int32Array(count);
    for (let n = 0; n < count; n++) lengths[n] = codePoints(text, starts[n] ?? 0, ends[n] ?? 0);
    return new WordRuns(vocabulary().ids, lengths, vocabulary().distinct);
  });
  return {
    text,
    get characters() {
      return characters();
    },
    get words() {
      return words();
    },
    get vocabulary() {
      return vocabulary();
    },
    get lines() {
      return lines();
    },
    get runs() {
      return runs();
    },
  };
}
