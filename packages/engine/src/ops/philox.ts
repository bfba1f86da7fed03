/**
 * Philox4x32-10: four random 32-bit words from a counter and a key, without state.
 * Source: Salmon et al. 2011, 'Parallel random numbers: as easy as 1, 2, 3'.
 */
export function philox(counter: readonly [number, number, number, number], key: readonly [number, number]): readonly [number, number, number, number] {
  let [a, b, c, d] = counter;
  let [k, l] = key;
  for (let round = 0; round < 10; round++) {
    const first = BigInt(a >>> 0) * 0xd2511f53n;
    const second = BigInt(c >>> 0) * 0xcd9e8d57n;
    [a, b, c, d] = [(Number(second >> 32n) ^ b ^ k) >>> 0, Number(second & 0xffffffffn), (Number(first >> 32n) ^ d ^ l) >>> 0, Number(first & 0xffffffffn)];
    k = (k + 0x9e3779b9) >>> 0;
    l = (l + 0xbb67ae85) >>> 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}
