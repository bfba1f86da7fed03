import type { Bytes } from './decompress.js';

/** The first bytes of a stream, at least `count` unless it is shorter, and the stream with them. */
export async function peeked(
  bytes: Bytes,
  count: number,
): Promise<{ readonly start: Uint8Array; readonly bytes: Bytes }> {
  const pieces = bytes[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array();
  while (start.length < count) {
    const next = await pieces.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const all = async function* () {
    try {
      yield start;
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
    } finally {
      await pieces.return?.();
    }
  };
  return { start, bytes: all() };
}
