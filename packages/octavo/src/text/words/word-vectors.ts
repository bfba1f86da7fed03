/**
 * Word vectors from counts: positive pointwise mutual information of words and their neighbours, its largest singular
 * vectors (Levy, Goldberg and Dagan 2015, TACL 3). No learning rate, no chance: the same bits for the same text.
 */

import { pairCounts } from './pair-counts.js';
import { singularVectors } from './singular-vectors.js';

export interface VectorOptions {
  /** Numbers of a vector; fewer where there are fewer words. */
  readonly size: number;
  /** Words to each side that count as neighbours, near ones for more. */
  readonly window: number;
  /** Rarer words have no vector. */
  readonly minCount: number;
  /** The most frequent words that have a vector. */
  readonly mostWords: number;
}

export interface WordVectors {
  /** From the most frequent on. */
  readonly words: readonly string[];
  /** In how many documents each occurs. */
  readonly documents: Uint32Array;
  readonly total: number;
  readonly size: number;
  /** Row by row. */
  readonly values: Float32Array;
}

/** Documents, each its words; gone through more than once. */
export type Corpus = () => AsyncIterable<readonly string[]>;

/** Frequent neighbours count for less: the power of their counts. */
const smoothing = 0.75;
/** Different words that are counted at once; beyond, those met least are forgotten. */
const mostCounted = 2_000_000;

const hasLetter = /[\p{L}\p{N}]/u;
/** The form in which a word has a vector, undefined for marks. */
export const vectorWord = (word: string): string | undefined => (hasLetter.test(word) ? word.toLowerCase() : undefined);

interface Count {
  times: number;
  documents: number;
  last: number;
}

async function vocabularyOf(corpus: Corpus, { minCount, mostWords }: VectorOptions) {
  const counts = new Map<string, Count>();
  let total = 0;
  let least = 1;
  for await (const document of corpus()) {
    total++;
    for (const given of document) {
      const word = vectorWord(given);
      if (word === undefined) continue;
      const count = counts.get(word);
      if (count === undefined) counts.set(word, { times: 1, documents: 1, last: total });
      else {
        count.times++;
        if (count.last !== total) count.documents++;
        count.last = total;
      }
    }
    for (; counts.size > mostCounted; least++)
      for (const [word, { times }] of counts) if (times <= least) counts.delete(word);
  }
  const kept = [...counts]
    .filter(([, { times }]) => times >= minCount)
    .sort(([a, one], [b, other]) => other.times - one.times || (a < b ? -1 : 1))
    .slice(0, mostWords);
  return {
    words: kept.map(([word]) => word),
    documents: Uint32Array.from(kept, ([, { documents }]) => documents),
    total,
  };
}

/** Goes through a corpus twice: for its words, and for their neighbours. Memory goes by `mostWords`, not by the text. */
export async function trainWordVectors(corpus: Corpus, options: VectorOptions): Promise<WordVectors> {
  const { window } = options;
  const { words, documents, total } = await vocabularyOf(corpus, options);
  const idOf = new Map(words.map((word, id) => [word, id]));
  const pairs = pairCounts(words.length);
  for await (const document of corpus()) {
    const ids = document.map((given) => idOf.get(vectorWord(given) ?? '')).filter((id) => id !== undefined);
    for (let at = 0; at < ids.length; at++)
      for (let apart = 1; apart <= window && at + apart < ids.length; apart++) {
        const [one = 0, other = 0] = [ids[at], ids[at + apart]];
        const weight = (window - apart + 1) / window;
        pairs.add(one, other, weight);
        pairs.add(other, one, weight);
      }
  }
  const matrix = pairs.toSparse();
  const sums = new Float64Array(words.length);
  for (let row = 0; row < words.length; row++)
    for (let at = matrix.starts[row] ?? 0; at < (matrix.starts[row + 1] ?? 0); at++)
      sums[row] = (sums[row] ?? 0) + (matrix.values[at] ?? 0);
  const smoothed = sums.map((sum) => sum ** smoothing);
  const all = smoothed.reduce((sum, value) => sum + value, 0);
  for (let row = 0; row < words.length; row++)
    for (let at = matrix.starts[row] ?? 0; at < (matrix.starts[row + 1] ?? 0); at++) {
      const expected = ((sums[row] ?? 0) * (smoothed[matrix.columns[at] ?? 0] ?? 0)) / all;
      matrix.values[at] = Math.max(0, Math.log((matrix.values[at] ?? 0) / expected));
    }
  const size = Math.min(options.size, words.length);
  return { words, documents, total, size, values: singularVectors(matrix, size) };
}

/** The text format of word2vec, line by line: what gensim's `load_word2vec_format` reads. */
export function* vectorLines({ words, size, values }: WordVectors): Generator<string, void, undefined> {
  yield `${words.length} ${size}\n`;
  for (const [id, word] of words.entries())
    yield `${word} ${Array.from(values.subarray(id * size, (id + 1) * size), (value) => String(Number(value.toPrecision(7)))).join(' ')}\n`;
}

/** The vector of a document: the mean of its words' vectors, weighted by times and smoothed inverse document frequency, of length 1. */
export function documentVector({ words, documents, total, size, values }: WordVectors) {
  const idOf = new Map(words.map((word, id) => [word, id]));
  return (document: readonly string[]): readonly number[] | undefined => {
    const sum = new Float64Array(size);
    for (const given of document) {
      const id = idOf.get(vectorWord(given) ?? '');
      if (id === undefined) continue;
      const weight = Math.log((1 + total) / (1 + (documents[id] ?? 0))) + 1;
      for (let i = 0; i < size; i++) sum[i] = (sum[i] ?? 0) + weight * (values[id * size + i] ?? 0);
    }
    const length = Math.hypot(...sum);
    return length === 0 ? undefined : Array.from(sum, (value) => Math.fround(value / length));
  };
}
