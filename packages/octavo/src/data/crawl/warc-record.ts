/** Records of WARC 1.1 (ISO 28500), written one gzip member each, as Common Crawl does. */
import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type WarcType = 'warcinfo' | 'response' | 'resource' | 'conversion';

export interface NewRecord {
  readonly type: WarcType;
  /** ISO, to the second. */
  readonly date: string;
  readonly url?: string;
  readonly contentType: string;
  readonly block: Uint8Array;
  /** The part of the block that is digested as payload. */
  readonly payload?: Uint8Array;
}

const digest = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** One record as a gzip member. */
export function warcMember({ type, date, url, contentType, block, payload }: NewRecord): Uint8Array {
  const fields = [
    'WARC/1.1',
    `WARC-Type: ${type}`,
    `WARC-Record-ID: <urn:uuid:${randomUUID()}>`,
    `WARC-Date: ${date}`,
    ...(url === undefined ? [] : [`WARC-Target-URI: ${url}`]),
    `Content-Type: ${contentType}`,
    `Content-Length: ${block.length}`,
    `WARC-Block-Digest: ${digest(block)}`,
    ...(payload === undefined ? [] : [`WARC-Payload-Digest: ${digest(payload)}`]),
  ];
  return gzipSync(Buffer.concat([Buffer.from(`${fields.join('\r\n')}\r\n\r\n`), block, Buffer.from('\r\n\r\n')]));
}

/** The block of a response record: status line, headers as they came, body. */
export function httpBlock(
  {
    status,
    reason,
    headers,
  }: { readonly status: number; readonly reason: string; readonly headers: readonly (readonly [string, string])[] },
  body: Uint8Array,
): Uint8Array {
  const clean = (text: string) => text.replaceAll(/[\r\n]+/g, ' ');
  // The body was taken out of its chunks on the way: headers that speak of them would mislead a reader.
  const kept = headers.filter(([name]) => !/^(transfer-encoding|content-length)$/i.test(name));
  const lines = [
    `HTTP/1.1 ${status} ${clean(reason)}`,
    ...kept.map(([name, value]) => `${clean(name)}: ${clean(value)}`),
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
