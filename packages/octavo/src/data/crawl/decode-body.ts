/** Bodies as text: content encodings undone within a limit, characters read by header, byte order mark or meta. */
import { promisify, TextDecoder } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';

const gunzipped = promisify<Uint8Array, ZlibOptions, Buffer>(gunzip);
const inflated = promisify<Uint8Array, ZlibOptions, Buffer>(inflate);
const inflatedRaw = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);
const brotli = promisify<Uint8Array, ZlibOptions, Buffer>(brotliDecompress);

export type Decoded =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'damaged' };

/** The encodings that we ask for. More than three at once is no honest answer. */
export async function decodeBody(body: Uint8Array, encodings: string, mostBytes: number): Promise<Decoded> {
  const names = encodings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > 3) return { kind: 'damaged' };
  let bytes = body;
  const limit = { maxOutputLength: mostBytes };
  try {
    for (const name of names.toReversed()) {
      if (bytes.length === 0) break;
      if (name === 'gzip' || name === 'x-gzip') bytes = await gunzipped(bytes, limit);
      else if (name === 'br') bytes = await brotli(bytes, limit);
      else if (name === 'deflate')
        // Some servers send it without its wrapper.
        bytes = await ((bytes[0] ?? 0) % 16 === 8 ? inflated(bytes, limit) : inflatedRaw(bytes, limit));
      else return { kind: 'damaged' };
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return { kind: code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'damaged' };
  }
  return bytes.length > mostBytes ? { kind: 'too-large' } : { kind: 'bytes', bytes };
}

const decoderOf = (label: string): TextDecoder | undefined => {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
};

/** Characters of a page: byte order mark, then the header, then the page's own word, then UTF-8 if it is that, else Windows-1252. */
export function decodeCharacters(bytes: Uint8Array, contentType: string): string {
  const marks: readonly (readonly [readonly number[], string])[] = [
    [[0xef, 0xbb, 0xbf], 'utf-8'],
    [[0xff, 0xfe], 'utf-16le'],
    [[0xfe, 0xff], 'utf-16be'],
  ];
  const marked = marks.find(([mark]) => mark.every((byte, at) => bytes[at] === byte))?.[1];
  const header = /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType.slice(0, 1024))?.[1];
  const head = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  const inPage =
    /<meta\s[^>]{0,512}?charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head)?.[1] ??
    /^\s*<\?xml\s[^>]{0,256}?encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1];
  for (const label of [marked, header, inPage]) {
    const decoder = label === undefined ? undefined : decoderOf(label);
    if (decoder !== undefined) return decoder.decode(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
