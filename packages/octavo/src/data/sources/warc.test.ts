import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WARCRecord, WARCSerializer } from 'warcio';
import { OctavoError } from '../../core/index.js';
import { html } from '../crawl/local-site.test-support.js';
import { readWarc } from '../crawl/warc-reader.js';
import { readSource } from './source.test-support.js';
import { unchunked } from './warc.js';

const prose = (topic: string) =>
  `<p>${`People wrote of the ${topic} in letters that were kept for many years. `.repeat(8)}</p>`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-warc-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function record(
  type: 'response' | 'request' | 'conversion' | 'warcinfo',
  url: string,
  body: Uint8Array,
  headers: Record<string, string>,
  status = '200 OK',
) {
  const isHttp = type === 'response';
  const made = WARCRecord.create(
    {
      type,
      url,
      date: '2024-05-06T07:08:09Z',
      warcVersion: 'WARC/1.0',
      warcHeaders: isHttp ? {} : { 'Content-Type': headers['Content-Type'] ?? 'text/plain' },
      ...(isHttp ? { httpHeaders: headers, statusline: `HTTP/1.1 ${status}` } : {}),
    },
    (async function* () {
      yield body;
    })(),
  );
  return WARCSerializer.serialize(made, { gzip: true });
}

const page = { 'Content-Type': 'text/html; charset=utf-8' };
const bytes = (text: string) => Buffer.from(text);

describe('WARC files', () => {
  it('that warcio wrote, one gzip member a record, give the main text of their pages', async () => {
    const chunks = bytes(html('Chunked', prose('harbour')));
    const chunked = Buffer.concat([bytes(`${chunks.length.toString(16)}\r\n`), chunks, bytes('\r\n0\r\n\r\n')]);
    const members = [
      await record('warcinfo', '', bytes('software: x\r\n'), { 'Content-Type': 'application/warc-fields' }),
      await record('response', 'https://a.example/whale', bytes(html('Whale', prose('whale'))), page),
      await record(
        'response',
        'https://a.example/cafe',
        Buffer.from(html('Café', prose('café')).replace('<meta charset="utf-8">', ''), 'latin1'),
        { 'Content-Type': 'text/html; charset=iso-8859-1' },
      ),
      await record('response', 'https://a.example/packed', gzipSync(html('Packed', prose('ship'))), {
        ...page,
        'Content-Encoding': 'gzip',
      }),
      await record('response', 'https://a.example/unpacked', bytes(html('Unpacked', prose('island'))), {
        ...page,
        'Content-Encoding': 'gzip',
      }),
      await record('response', 'https://a.example/chunked', chunked, { ...page, 'Transfer-Encoding': 'chunked' }),
      await record('response', 'https://a.example/gone', bytes('gone'), page, '404 Not Found'),
      await record('response', 'https://a.example/pic', bytes('x'), { 'Content-Type': 'image/png' }),
      await record('response', 'https://a.example/hidden', bytes(html('Hidden', prose('cave'))), {
        ...page,
        'X-Robots-Tag': 'noindex',
      }),
      await record('conversion', 'https://b.example/wet', bytes('Plain text of a page — as WET files keep it.'), {
        'Content-Type': 'text/plain',
      }),
    ];
    await writeFile(join(folder, 'crawl.warc.gz'), Buffer.concat(members));
    const {
      documents,
      counts,
      source,
      bytes: read,
      opened,
    } = await readSource({ from: 'warc:*.warc.gz', name: 'cc' }, { folder });
    expect(source.place.kind).toBe('warc');
    expect(documents.map(({ id, url, title, time }) => [id, url, title, time])).toEqual([
      ['cc/crawl:2', 'https://a.example/whale', 'Whale', '2024-05-06T07:08:09Z'],
      ['cc/crawl:3', 'https://a.example/cafe', 'Café', '2024-05-06T07:08:09Z'],
      ['cc/crawl:4', 'https://a.example/packed', 'Packed', '2024-05-06T07:08:09Z'],
      ['cc/crawl:5', 'https://a.example/unpacked', 'Unpacked', '2024-05-06T07:08:09Z'],
      ['cc/crawl:6', 'https://a.example/chunked', 'Chunked', '2024-05-06T07:08:09Z'],
      ['cc/crawl:10', 'https://b.example/wet', undefined, '2024-05-06T07:08:09Z'],
    ]);
    for (const [at, word] of ['whale', 'café', 'ship', 'island', 'harbour', 'WET files'].entries())
      expect(documents[at]?.text).toContain(word);
    expect(counts).toEqual({ status: 1, 'not-text': 1, noindex: 1 });
    expect(read).toBe(opened.bytes);
  });

  it('that are damaged are refused with their place, whatever was changed, in bounded time', async () => {
    const plain = Buffer.from(
      'WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 30\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<p>text</p>\r\n\r\n',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(plain.length),
        async (changes, end) => {
          const changed = Buffer.from(plain.subarray(0, end));
          for (const [at, byte] of changes) if (at < end) changed[at] = byte;
          const input = async function* () {
            for (let at = 0; at < changed.length; at += 7) yield changed.subarray(at, at + 7);
          };
          try {
            for await (const { blockBytes } of readWarc(input(), { where: 'x', mostBytes: 100 }))
              expect(blockBytes).toBeLessThan(1e15);
          } catch (error) {
            expect(error).toBeInstanceOf(OctavoError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('may keep bodies in chunks, cut off, or not chunked at all', () => {
    const text = (body: string) => Buffer.from(unchunked(Buffer.from(body))).toString();
    expect(text('3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n')).toBe('abcde');
    expect(text('5\r\nabc')).toBe('abc');
    expect(text('<html>')).toBe('<html>');
  });
});
