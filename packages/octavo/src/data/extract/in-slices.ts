import type { Bytes } from './decompress.js';

/** Never an empty one. What comes of a slice is lost where it turns out to be damaged, so slices are small. */
export async function* inSlices(input: Bytes, bytes = 16_384): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of input) {
    for (let at = 0; at < piece.length; at += bytes) yield piece.subarray(at, at + bytes);
  }
}
