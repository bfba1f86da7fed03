/** What the split knows of documents, 100 to 200 bytes each: no string of a document stays. */
import { createHash } from 'node:crypto';
import { invariant } from '../core/index.js';
import { groupOf } from './document.js';
import { type Clusters, clusters } from './duplicates/clusters.js';
import { digestTable } from './duplicates/digest-table.js';

export interface SplitDocument {
  readonly id: string;
  readonly source: string;
  readonly cluster: string;
  readonly bytes: number;
}

export const parts = 20;

const sha256Of = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Documents that are held out together or not at all. Each is known by the number of its first document. */
export interface Units {
  /** All units, by source and then by hash. */
  readonly list: Uint32Array;
  readonly bytes: Float64Array;
  readonly sourceOf: (unit: number) => number;
  /** sha256(id of the first document) mod 20. */
  readonly partOf: (unit: number) => number;
  readonly byHash: (a: number, b: number) => number;
  /** The unit of a document. */
  readonly of: (document: number) => number;
}

export function splitDocuments(count: number) {
  const bytes = new Float64Array(count);
  const source = new Uint32Array(count);
  const sources = new Map<string, number>();
  /** Order by hash: its first 64 bits. */
  const hashes = new Uint32Array(2 * count);
  const part = new Uint8Array(count);
  const firstOfCluster = digestTable(count);
  const firstOfGroup = digestTable(count);
  const byCluster = clusters();
  const byBoth = clusters();
  let number = 0;

  const byHash = (a: number, b: number): number =>
    (hashes[2 * a] ?? 0) - (hashes[2 * b] ?? 0) || (hashes[2 * a + 1] ?? 0) - (hashes[2 * b + 1] ?? 0);

  const units = (joined: Clusters): Units => {
    const bytesOf = new Float64Array(count);
    let found = 0;
    for (let n = 0; n < count; n++) {
      const root = joined.root(n);
      if (root === n) found++;
      bytesOf[root] = (bytesOf[root] ?? 0) + (bytes[n] ?? 0);
    }
    const list = new Uint32Array(found);
    for (let n = 0, at = 0; n < count; n++) if (joined.root(n) === n) list[at++] = n;
    const sourceOf = (unit: number): number => source[unit] ?? 0;
    list.sort((a, b) => sourceOf(a) - sourceOf(b) || byHash(a, b));
    return { list, bytes: bytesOf, sourceOf, partOf: (unit) => part[unit] ?? 0, byHash, of: joined.root };
  };

  return {
    add: (document: SplitDocument): void => {
      invariant(number < count, 'a split has as many documents as cleaning counted');
      const { id, cluster } = document;
      const group = groupOf(id);
      const hash = sha256Of(id);
      const alike = firstOfCluster.firstOf(cluster === id ? hash : sha256Of(cluster), number);
      const near = firstOfGroup.firstOf(group === id ? hash : sha256Of(group), number);
      if (alike !== undefined) for (const joined of [byCluster, byBoth]) joined.join(alike, number);
      if (near !== undefined) byBoth.join(near, number);
      const place = sources.get(document.source) ?? sources.size;
      sources.set(document.source, place);
      source[number] = place;
      bytes[number] = document.bytes;
      hashes[2 * number] = hash.readUInt32BE(0);
      hashes[2 * number + 1] = hash.readUInt32BE(4);
      part[number] = hash.reduce((rest, byte) => (256 * rest + byte) % parts, 0);
      number++;
    },
    /** Units of likes and of windows of one text. */
    whole: () => units(byBoth),
    /** Units of likes alone. */
    alike: () => units(byCluster),
  };
}
