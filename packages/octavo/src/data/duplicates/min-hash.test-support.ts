/** MinHash written out plainly: what the native one must equal bit for bit. */
const hashes = 112;
const runWords = 5;

/** A bijection of 32-bit words that leaves no trace of order (MurmurHash3's last step). */
function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** The permutations x → a·x + b of 32-bit words; a is odd. Fixed, so signatures compare over time. */
const multipliers = Int32Array.from({ length: hashes }, (_, n) => mix(2 * n + 1) | 1);
const offsets = Int32Array.from({ length: hashes }, (_, n) => mix(2 * n + 0x5bd1e995));

const isIdeograph = (code: number): boolean => (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff);

/** Letters and digits make words; all else, general punctuation included, parts them. Case does not count. */
function isWordCharacter(code: number): boolean {
  if (code < 0x80) return (code >= 48 && code <= 57) || (code >= 97 && code <= 122);
  return (
    code >= 0xc0 &&
    !(code >= 0x2000 && code <= 0x206f) &&
    !(code >= 0x3000 && code <= 0x303f) &&
    !(code >= 0xff00 && code <= 0xff0f)
  );
}

/** A 32-bit hash of each word; an ideograph is a word by itself. */
export function wordHashes(text: string): Int32Array {
  const lower = text.toLowerCase();
  const found = new Int32Array(lower.length);
  let count = 0;
  let hash = 0;
  let length = 0;
  const finish = () => {
    if (length > 0) found[count++] = mix(hash ^ length);
    hash = 0;
    length = 0;
  };
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (!isWordCharacter(code)) {
      finish();
      continue;
    }
    if (isIdeograph(code)) finish();
    hash = Math.imul(hash ^ code, 0x01000193) ^ (hash >>> 15);
    length++;
    if (isIdeograph(code)) finish();
  }
  finish();
  return found.subarray(0, count);
}

/** Hashes of all runs of five words; a shorter text is one run. */
export function runHashes(words: Int32Array): Int32Array {
  const runs = new Int32Array(Math.max(words.length - runWords + 1, words.length > 0 ? 1 : 0));
  for (let at = 0; at < runs.length; at++) {
    let hash = 0;
    for (let n = at; n < Math.min(at + runWords, words.length); n++)
      hash = Math.imul(hash, 0x9e3779b1) + (words[n] ?? 0);
    runs[at] = mix(hash);
  }
  return runs;
}

/** The signature of a text: 112 smallest values. Four at a time, so that they stay in registers over all runs. */
export function signatureOf(text: string): Int32Array {
  const signature = new Int32Array(hashes);
  const runs = runHashes(wordHashes(text));
  for (let n = 0; n < hashes; n += 4) {
    const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = multipliers.subarray(n, n + 4);
    const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = offsets.subarray(n, n + 4);
    let m0 = 0x7fffffff;
    let m1 = m0;
    let m2 = m0;
    let m3 = m0;
    for (let at = 0; at < runs.length; at++) {
      const run = runs[at] ?? 0;
      m0 = Math.min(m0, (Math.imul(a0, run) + b0) | 0);
      m1 = Math.min(m1, (Math.imul(a1, run) + b1) | 0);
      m2 = Math.min(m2, (Math.imul(a2, run) + b2) | 0);
      m3 = Math.min(m3, (Math.imul(a3, run) + b3) | 0);
    }
    signature.set([m0, m1, m2, m3], n);
  }
  return signature;
}

/** The estimated Jaccard similarity of two texts: the share of places in which their signatures agree. */
export function similarity(a: Int32Array, b: Int32Array): number {
  let equal = 0;
  for (let n = 0; n < hashes; n++) if (a[n] === b[n]) equal++;
  return equal / hashes;
}
