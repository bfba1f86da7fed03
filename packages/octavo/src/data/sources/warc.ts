import { decodeBody, decodeCharacters } from '../crawl/decode-body.js';
import { robotsWords } from '../crawl/page-links.js';
import { type HttpResponse, parseHttp, readWarc } from '../crawl/warc-reader.js';
import { limits } from '../limits.js';
import { type DumpFile, dumpKind } from './dump.js';
import { articleDocuments } from './page-documents.js';

/** A body as some archives keep it: in the chunks that it was sent in. What is no chunk ends it. */
export function unchunked(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    const size =
      end === -1 || end - at > 64
        ? undefined
        : /^([0-9a-f]{1,8})\s*(;.*)?$/i.exec(bytes.toString('latin1', at, end))?.[1];
    // Others keep the header and not the chunks.
    if (size === undefined) return parts.length === 0 ? body : Buffer.concat(parts);
    const length = Number.parseInt(size, 16);
    if (length === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}

async function bodyOf({ headers, body }: HttpResponse) {
  const plain = /\bchunked\b/i.test(headers.get('transfer-encoding') ?? '') ? unchunked(body) : body;
  const encoding = headers.get('content-encoding') ?? '';
  const isGzip = plain[0] === 0x1f && plain[1] === 0x8b;
  // Common Crawl keeps bodies unpacked, some with the header still there.
  return /gzip/i.test(encoding) && !isGzip
    ? ({ kind: 'bytes', bytes: plain } as const)
    : decodeBody(plain, encoding, limits.pageBytes);
}

async function* documents({ source, bytes, id, where, count }: DumpFile) {
  let number = 0;
  for await (const { headers, block } of readWarc(bytes, { where, mostBytes: limits.pageBytes })) {
    number++;
    const type = headers.get('warc-type') ?? '';
    if (type !== 'response' && type !== 'conversion' && type !== 'resource') continue;
    const about = {
      id: `${id}:${number}`,
      url: headers.get('warc-target-uri')?.replace(/^<|>$/g, ''),
      at: headers.get('warc-date'),
    };
    if (block === undefined) count('too-large');
    else if (type !== 'response') {
      const contentType = headers.get('content-type') ?? '';
      const isHtml = /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType);
      if (isHtml || /^\s*text\/plain\b/i.test(contentType))
        yield* articleDocuments(source, { ...about, isHtml, text: decodeCharacters(block, contentType) });
      else count('not-text');
    } else {
      const http = parseHttp(block);
      const contentType = http?.headers.get('content-type') ?? '';
      const kind = /^\s*(text\/(html|plain)|application\/xhtml\+xml)\b/i.exec(contentType)?.[1]?.toLowerCase();
      if (http === undefined) count('damaged');
      else if (http.status !== 200) count('status');
      else if (kind === undefined) count('not-text');
      else if (robotsWords(http.headers.get('x-robots-tag') ?? '').has('noindex')) count('noindex');
      else {
        const body = await bodyOf(http);
        if (body.kind !== 'bytes') count(body.kind);
        else
          yield* articleDocuments(source, {
            ...about,
            isHtml: kind !== 'text/plain',
            text: decodeCharacters(body.bytes, contentType),
          });
      }
    }
  }
}

/** WARC files as Common Crawl offers them (WARC and WET), one gzip member a record or plain. */
export const warc = dumpKind('warc', { documents });
