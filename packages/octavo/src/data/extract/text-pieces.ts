import { decoderOf, detectCharset, sampleBytes } from './charset.js';
import type { Bytes } from './decompress.js';
import { inSlices } from './in-slices.js';

/**
 * Bytes as text. A byte order mark overrules `encoding`; `auto` tells by the first bytes; what is no text in that encoding
 * becomes U+FFFD, which the clean step finds and reports.
 */
export async function* textPieces(bytes: Bytes, encoding: string): AsyncGenerator<string, void, undefined> {
  let decode: ((piece?: Uint8Array) => string) | undefined;
  // The start of the file, until its encoding is told.
  let start: Uint8Array[] = [];
  let held = 0;
  const decide = (): Uint8Array => {
    const first = start.length === 1 ? (start[0] ?? new Uint8Array()) : Buffer.concat(start);
    start = [];
    const marked = (first[0] === 0xff && first[1] === 0xfe) || (first[0] === 0xfe && first[1] === 0xff);
    decode = decoderOf(marked || encoding === 'auto' ? detectCharset(first) : encoding);
    return first;
  };
  const enough = encoding === 'auto' ? sampleBytes : 2;
  for await (const piece of bytes) {
    if (piece.length === 0) continue;
    let next = piece;
    if (decode === undefined) {
      start.push(piece);
      held += piece.length;
      if (held < enough) continue;
      next = decide();
    }
    const text = decode?.(next) ?? '';
    if (text !== '') yield text;
  }
  const last = decode === undefined && held > 0 ? decide() : undefined;
  const rest = `${last === undefined ? '' : (decode?.(last) ?? '')}${decode?.() ?? ''}`;
  if (rest !== '') yield rest;
}
type TooLong = { readonly kind: 'too-long'; readonly start: Uint8Array };
export type Line = { readonly kind: 'line'; readonly bytes: Uint8Array } | TooLong;
/** Whole lines with their ends, which one that was pieced together and the last may lack. */
export type Lines = { readonly kind: 'lines'; readonly bytes: Uint8Array } | TooLong;

const newline = 10;
/** Bytes of lines given at once. */
const mostAtOnce = 2 ** 20;

/** Lines, as many as have come. One beyond `mostBytes` is skipped to its end and told by its first bytes. */
export async function* blocksOfLines(bytes: Bytes, mostBytes: number): AsyncGenerator<Lines, void, undefined> {
  // A line of which the end has not come.
  let parts: Uint8Array[] = [];
  let held = 0;
  let overlong: Uint8Array | undefined;
  const take = (part: Uint8Array) => {
    held += part.length;
    if (overlong !== undefined) return;
    if (held > mostBytes) {
      overlong = Buffer.concat([...parts, part.subarray(0, 256)]).subarray(0, 256);
      parts = [];
    } else parts.push(part);
  };
  const finish = (): Lines => {
    const line: Lines =
      overlong === undefined ? { kind: 'lines', bytes: Buffer.concat(parts) } : { kind: 'too-long', start: overlong };
    parts = [];
    held = 0;
    overlong = undefined;
    return line;
  };
  for await (const piece of inSlices(bytes, Math.min(mostBytes, mostAtOnce))) {
    let from = 0;
    const last = piece.lastIndexOf(newline);
    if (held > 0 && last !== -1) {
      const end = piece.indexOf(newline);
      take(piece.subarray(0, end));
      yield finish();
      from = end + 1;
    }
    if (last >= from) yield { kind: 'lines', bytes: piece.subarray(from, last + 1) };
    take(piece.subarray(last + 1));
  }
  if (held > 0) yield finish();
}

/** Lines without their ends. One beyond `mostBytes` is skipped to its end and told by its first bytes. */
export async function* byteLines(bytes: Bytes, mostBytes: number): AsyncGenerator<Line, void, undefined> {
  for await (const block of blocksOfLines(bytes, mostBytes)) {
    if (block.kind === 'too-long') {
      yield block;
      continue;
    }
    for (let from = 0; from < block.bytes.length; ) {
      const found = block.bytes.indexOf(newline, from);
      const end = found === -1 ? block.bytes.length : found;
      yield { kind: 'line', bytes: block.bytes.subarray(from, end) };
      from = end + 1;
    }
  }
}
