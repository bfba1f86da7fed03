import { minHash } from '../../text/index.js';
import { limits } from '../limits.js';
import { bucketKeys, buckets, jaccard } from './min-hash.js';
import { spilledRuns } from './spilled-runs.js';

/** What is compared of a text. */
export interface Fingerprint {
  /** One a bucket. */
  readonly keys: readonly number[];
  /** Hashes of its runs of five words, sorted without sign. */
  readonly runs: Int32Array;
}

export function fingerprint(text: string): Fingerprint {
  const { signature, runs } = minHash(text);
  return { keys: bucketKeys(signature), runs };
}

interface NearDuplicate {
  readonly of: number;
  /** Jaccard's similarity of the two texts' runs of five words, exact. */
  readonly similarity: number;
}

interface Seen {
  /** The kept document that this one nearly repeats. */
  readonly duplicate: NearDuplicate | undefined;
  /** Kept documents that share a bucket: less alike, but not to be parted when splitting. */
  readonly relatives: readonly number[];
}

/**
 * An index of kept documents. `add` compares a document with those before it, and keeps it unless it repeats one. Buckets say
 * whom to compare with, the runs themselves how alike they are. Memory: 170 to 230 bytes a kept document; the runs lie in
 * the file `spill`, which `close` deletes.
 */
export interface NearDuplicateIndex {
  readonly add: (document: number, print: Fingerprint) => Seen;
  readonly close: () => void;
}

export interface NearDuplicateOptions {
  readonly threshold: number;
  readonly spill: string;
  /** How many documents there will be at most; more make it slower. */
  readonly documents: number;
}

/** Chains of entries by bucket and key: a table of first entries, and for each entry its key and the next. */
function bucketTable(documents: number) {
  let size = 1024;
  while (size < documents && size < 2 ** 26) size *= 2;
  const heads = Array.from({ length: buckets }, () => new Int32Array(size));
  // Pages of these that are never written take no memory.
  let keys = new Int32Array(buckets * Math.max(1024, documents));
  let next = new Int32Array(keys.length);
  const slotOf = (key: number): number => (key ^ (key >>> 15)) & (size - 1);
  const grown = (from: Int32Array): Int32Array<ArrayBuffer> => {
    const more = new Int32Array(2 * from.length);
    more.set(from);
    return more;
  };
  return {
    /** Entries with this key in this bucket, newest first. */
    find: (bucket: number, key: number): readonly number[] => {
      const found: number[] = [];
      for (let entry = heads[bucket]?.[slotOf(key)] ?? 0; entry !== 0; ) {
        const place = buckets * (entry - 1) + bucket;
        if (keys[place] === key) found.push(entry - 1);
        entry = next[place] ?? 0;
      }
      return found;
    },
    insert: (entry: number, bucket: number, key: number) => {
      const place = buckets * entry + bucket;
      while (place >= keys.length) [keys, next] = [grown(keys), grown(next)];
      const head = heads[bucket];
      keys[place] = key;
      next[place] = head?.[slotOf(key)] ?? 0;
      if (head !== undefined) head[slotOf(key)] = entry + 1;
    },
  };
}

export function nearDuplicateIndex({ threshold, spill, documents }: NearDuplicateOptions): NearDuplicateIndex {
  const table = bucketTable(documents);
  const kept = spilledRuns(spill);
  let numbers = new Int32Array(1024);
  return {
    add: (document, { keys, runs }) => {
      const found = keys.map((key, bucket) => table.find(bucket, key));
      const relatives = [...new Set(found.flat())].toSorted((a, b) => a - b);
      let duplicate: NearDuplicate | undefined;
      for (const entry of relatives) {
        const alike = jaccard(kept.at(entry), runs);
        if (alike >= threshold && alike > (duplicate?.similarity ?? 0))
          duplicate = { of: numbers[entry] ?? 0, similarity: alike };
      }
      if (duplicate === undefined) {
        const entry = kept.count();
        kept.push(runs);
        if (entry >= numbers.length) {
          const more = new Int32Array(2 * numbers.length);
          more.set(numbers);
          numbers = more;
        }
        numbers[entry] = document;
        for (const [bucket, key] of keys.entries())
          if ((found[bucket]?.length ?? 0) < limits.bucketComparisons) table.insert(entry, bucket, key);
      }
      return { duplicate, relatives: relatives.map((entry) => numbers[entry] ?? 0) };
    },
    close: kept.close,
  };
}
