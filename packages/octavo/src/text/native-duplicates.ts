import { nativeText } from './native.js';

const hashes = 112;

/** MinHash signature of a text, and the hashes of its runs of five words, sorted, each once. Errors: NATIVE_ABSENT. */
export function minHash(text: string): { readonly signature: Int32Array; readonly runs: Int32Array } {
  const both = nativeText().minHash(text.toLowerCase());
  return { signature: both.subarray(0, hashes), runs: both.subarray(hashes) };
}

/**
 * Spans of a block of documents whose bytes occurred before in it, at least `least` bytes long: from and to by turns.
 * `ends` are where documents end. Takes 20 bytes of memory a byte. Errors: NATIVE_ABSENT.
 */
export function repeatedSpans(
  bytes: Uint8Array,
  { ends, least }: { readonly ends: Uint32Array; readonly least: number },
): Uint32Array {
  return nativeText().repeatedSpans(bytes, ends, least);
}
