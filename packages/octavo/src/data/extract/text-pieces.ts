import { TextDecoder } from 'node:util';
import type { Bytes } from './decompress.js';

/**
 * Bytes as text. A byte order mark overrules `encoding`; what is no text in that encoding becomes U+FFFD, which the clean
 * step finds and reports.
 */
export async function* textPieces(bytes: Bytes, encoding: string): AsyncGenerator<string, void, undefined> {
  let decoder: TextDecoder | undefined;
  for await (const piece of bytes) {
    if (piece.length === 0) continue;
    decoder ??= new TextDecoder(piece[0] === 0xff && piece[1] === 0xfe ? 'utf-16le' : encoding);
    const text = decoder.decode(piece, { stream: true });
    if (text !== '') yield text;
  }
  const rest = decoder?.decode() ?? '';
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
