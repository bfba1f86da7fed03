/**
 * MinHash signatures: two texts agree in each of the 112 places with the probability of their Jaccard similarity, the
 * share of 5-word runs in common. In 14 buckets of 8 places, as FineWeb has them, texts of similarity s meet in some
 * bucket with probability 1 − (1 − s⁸)¹⁴. Sources: Broder 1997; Penedo et al. 2024, FineWeb.
 */
const hashes = 112;
export const buckets = 14;
const hashesPerBucket = hashes / buckets;

/** A bijection of 32-bit words that leaves no trace of order (MurmurHash3's last step). */
export function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** One key a bucket. */
export function bucketKeys(signature: Int32Array): readonly number[] {
  return Array.from({ length: buckets }, (_, bucket) => {
    let key = 0;
    for (let n = bucket * hashesPerBucket; n < (bucket + 1) * hashesPerBucket; n++)
      key = mix(key ^ (signature[n] ?? 0)) + n;
    return key | 0;
  });
}

/** The share of run hashes in common, of two sorted lists without repetitions: Jaccard's similarity, exact. */
export function jaccard(a: Int32Array, b: Int32Array): number {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  let [atA, atB, common] = [0, 0, 0];
  while (atA < a.length && atB < b.length) {
    // Sorted as the native side sorts them: without sign.
    const [x, y] = [(a[atA] ?? 0) >>> 0, (b[atB] ?? 0) >>> 0];
    if (x === y) common++;
    if (x <= y) atA++;
    if (y <= x) atB++;
  }
  return common / (a.length + b.length - common);
}
