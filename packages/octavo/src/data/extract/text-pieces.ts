import { decoderOf, detectCharset, sampleBytes } from './charset.js';
import type { Bytes } from './decompress.js';

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
export type Line =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-long'; readonly start: Uint8Array };

const newline = 10;

/** Lines without their ends. One beyond `mostBytes` is skipped to its end and told by its first bytes. */
export async function* byteLines(bytes: Bytes, mostBytes: number): AsyncGenerator<Line, void, undefined> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let overlong: Uint8Array | undefined;
  const take = (part: Uint8Array) => {
    if (overlong !== undefined) return;
    if (held + part.length > mostBytes) {
      overlong = Buffer.concat([...parts, part.subarray(0, 256)]).subarray(0, 256);
      parts = [];
    } else parts.push(part);
    held += part.length;
  };
  const finish = (): Line => {
    const line: Line =
      overlong === undefined ? { kind: 'line', bytes: Buffer.concat(parts) } : { kind: 'too-long', start: overlong };
    parts = [];
    held = 0;
    overlong = undefined;
    return line;
  };
  for await (const piece of bytes) {
    let from = 0;
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, from)) {
      take(piece.subarray(from, end));
      yield finish();
      from = end + 1;
    }
    take(piece.subarray(from));
  }
  if (held > 0) yield finish();
}
