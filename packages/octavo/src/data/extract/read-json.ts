/**
 * A JSON file: an array of rows, each parsed by itself so that a file of any size streams, or one object. Rows are told apart
 * by brackets and strings alone; what lies between two commas of the array is a row, readable or not.
 */
import { limits } from '../limits.js';
import type { Bytes } from './decompress.js';

export type JsonSlice =
  | { readonly kind: 'row'; readonly number: number; readonly bytes: Uint8Array }
  | { readonly kind: 'too-long'; readonly number: number; readonly start: Uint8Array }
  | { readonly kind: 'cut'; readonly number: number; readonly detail: string };

const isSpace = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9;
const [open, openBrace, close, closeBrace, comma, quote, backslash] = Array.from('[{]},"\\', (mark) =>
  mark.charCodeAt(0),
);

/** The rows of a top-level array, or the one value that the file is. */
export async function* jsonSlices(bytes: Bytes): AsyncGenerator<JsonSlice, void, undefined> {
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  let isArray: boolean | undefined;
  let isOver = false;
  let number = 1;
  let parts: Uint8Array[] = [];
  let held = 0;
  let hasContent = false;
  let start: Uint8Array | undefined;
  let isFirst = true;
  const keep = (part: Uint8Array) => {
    if (part.length === 0) return;
    held += part.length;
    if (start !== undefined) return;
    if (held > limits.lineBytes) {
      start = Buffer.concat([...parts, part.subarray(0, 256)]).subarray(0, 256);
      parts = [];
    } else parts.push(part);
  };
  const finish = (): JsonSlice => {
    const slice: JsonSlice =
      start === undefined ? { kind: 'row', number, bytes: Buffer.concat(parts) } : { kind: 'too-long', number, start };
    number++;
    parts = [];
    held = 0;
    hasContent = false;
    start = undefined;
    return slice;
  };
  for await (let piece of bytes) {
    if (isFirst && piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) piece = piece.subarray(3);
    isFirst &&= piece.length === 0;
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (isString) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isString = false;
        continue;
      }
      if (isSpace(byte)) continue;
      if (isOver) {
        yield { kind: 'cut', number, detail: 'something follows the end of the array' };
        return;
      }
      if (isArray === undefined) {
        isArray = byte === open;
        if (isArray) {
          from = at + 1;
          continue;
        }
      }
      if (isArray && depth === 0 && (byte === comma || byte === close)) {
        keep(piece.subarray(from, at));
        from = at + 1;
        isOver = byte === close;
        // `[]` holds no row; after a comma there must be one.
        if (!isOver || hasContent || number > 1) yield finish();
        continue;
      }
      hasContent = true;
      if (byte === quote) isString = true;
      else if (byte === open || byte === openBrace) depth++;
      else if (byte === close || byte === closeBrace) depth = Math.max(0, depth - 1);
    }
    if (!isOver) keep(piece.subarray(from));
  }
  if (isArray === true && !isOver) yield { kind: 'cut', number, detail: 'the file ends in the middle of the array' };
  if (isArray === false) yield finish();
}
