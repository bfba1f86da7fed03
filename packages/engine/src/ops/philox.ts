/** The upper 32 bits of a product of two 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const rest = aLow * bHigh + (middle % 65536);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(rest / 65536)) >>> 0;
}

/**
 * Philox4x32-10: four random 32-bit words from a counter and a key, without state.
 * Source: Salmon et al. 2011, 'Parallel random numbers: as easy as 1, 2, 3'.
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): readonly [number, number, number, number] {
  let [a, b, c, d] = counter;
  let [k, l] = key;
  for (let round = 0; round < 10; round++) {
    const first = multiplyHigh(a, 0xd2511f53);
    const second = multiplyHigh(c, 0xcd9e8d57);
    [a, b, c, d] = [
      (second ^ b ^ k) >>> 0,
      Math.imul(c, 0xcd9e8d57) >>> 0,
      (first ^ d ^ l) >>> 0,
      Math.imul(a, 0xd2511f53) >>> 0,
    ];
    k = (k + 0x9e3779b9) >>> 0;
    l = (l + 0xbb67ae85) >>> 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}
