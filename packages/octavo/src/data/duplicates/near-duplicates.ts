import { limits } from '../limits.js';
import { bucketKeys, buckets, signatureOf, similarity } from './min-hash.js';

export interface NearDuplicate {
  readonly of: number;
  readonly similarity: number;
}

export interface Seen {
  /** The kept document that this one nearly repeats. */
  readonly duplicate: NearDuplicate | undefined;
  /** Kept documents that share a bucket: less alike, but not to be parted when splitting. */
  readonly relatives: readonly number[];
}

/** An index of kept documents. `add` compares a text with those before it, and keeps it unless it repeats one. */
export interface NearDuplicateIndex {
  readonly add: (document: number, text: string) => Seen;
}

export function nearDuplicateIndex(threshold: number): NearDuplicateIndex {
  const members = Array.from({ length: buckets }, () => new Map<number, number[]>());
  const signatures = new Map<number, Int32Array>();
  return {
    add: (document, text) => {
      const signature = signatureOf(text);
      const keys = bucketKeys(signature);
      const relatives = new Set<number>();
      for (const [bucket, key] of keys.entries())
        for (const other of members[bucket]?.get(key) ?? []) relatives.add(other);
      let duplicate: NearDuplicate | undefined;
      for (const other of [...relatives].toSorted((a, b) => a - b)) {
        const known = signatures.get(other);
        const alike = known === undefined ? 0 : similarity(known, signature);
        if (alike >= threshold && alike > (duplicate?.similarity ?? 0)) duplicate = { of: other, similarity: alike };
      }
      if (duplicate === undefined) {
        signatures.set(document, signature);
        for (const [bucket, key] of keys.entries()) {
          const held = members[bucket]?.get(key);
          if (held === undefined) members[bucket]?.set(key, [document]);
          else if (held.length < limits.bucketComparisons) held.push(document);
        }
      }
      return { duplicate, relatives: [...relatives] };
    },
  };
}
