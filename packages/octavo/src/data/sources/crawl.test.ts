import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WARCParser } from 'warcio';
import { html, type LocalSite, links, localSite, packed } from '../crawl/local-site.test-support.js';
import { readSource } from './source.test-support.js';

const prose = (topic: string) =>
  `<p>${`The ${topic} was seen by many people on that day, and they wrote of it in letters that were kept. `.repeat(6)}</p>`;

let folder = '';
let site: LocalSite;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-crawled-'));
  site = await localSite({
    '/': html(
      'Home',
      `${prose('harbour')}${links('/whale', '/ship?utm_source=x', '/print/whale', '/latin', '/notes.txt', '/gone')}`,
    ),
    '/whale': html('Whale', prose('whale'), '<meta property="article:published_time" content="2021-03-04T05:06:07Z">'),
    '/print/whale': html('Whale, to print', `${prose('whale')}<p>printed</p>`, '<link rel="canonical" href="/whale">'),
    '/ship': packed(html('Ship', prose('ship'))),
    '/latin': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1' });
      response.end(Buffer.from(html('Café', prose('café')).replace('<meta charset="utf-8">', ''), 'latin1'));
    },
    '/notes.txt': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('Notes of the voyage — plain.');
    },
  });
});
afterAll(async () => {
  await site.close();
  await rm(folder, { recursive: true });
});

describe('a site as a source', () => {
  it('gives the main text of each page with its address, title and time, each once', async () => {
    const from = { from: `${site.url}/`, name: 'site', crawl: { allowPrivate: true, delaySeconds: 0 } };
    const read = () => readSource(from, { folder });
    const { documents, counts, rejected, events, opened, bytes } = await read();
    expect(documents.map(({ url, title, time }) => [url?.replace(site.url, ''), title, time])).toEqual([
      ['/', 'Home', '2026-01-02T00:00:00Z'],
      ['/latin', 'Café', '2026-01-02T00:00:00Z'],
      ['/notes.txt', undefined, '2026-01-02T00:00:00Z'],
      ['/ship', 'Ship', '2026-01-02T00:00:00Z'],
      ['/whale', 'Whale', expect.stringMatching(/^2021-03-04/)],
    ]);
    expect(documents[1]?.text).toContain('The café was seen');
    expect(documents[3]?.text).toContain('The ship was seen');
    expect(documents[2]?.text).toBe('Notes of the voyage — plain.');
    expect(documents[0]?.id).toBe(`site/${site.url.slice(7)}/`);
    expect(counts).toEqual({ page: 6, status: 1, copy: 1 });
    expect(rejected).toEqual([]);
    expect(bytes).toBe(opened.bytes);
    expect(events.at(-1)).toMatchObject({
      kind: 'progress',
      unit: 'pages',
      note: expect.stringMatching(/pages\/s, .* MiB, 1 host/),
    });

    const requests = site.requests.length;
    expect((await read()).documents).toEqual(documents);
    expect(site.requests).toHaveLength(requests);

    // The archive is what it says: read by warcio, digests and all.
    const [name] = await readdir(join(folder, 'cache/crawl'));
    const archive = join(folder, 'cache/crawl', name ?? '', '0001/pages-00000.warc.gz');
    const parser = new WARCParser(Readable.toWeb(createReadStream(archive)));
    const seen: string[] = [];
    for await (const record of parser) {
      await record.readFully(false);
      seen.push(
        `${record.warcType} ${record.warcTargetURI?.replace(site.url, '') ?? ''} ${record.httpHeaders?.statusCode ?? ''}`,
      );
    }
    expect(seen.toSorted()).toEqual(
      [
        'warcinfo  ',
        ...['/', '/latin', '/notes.txt', '/print/whale', '/ship', '/whale'].map((path) => `response ${path} 200`),
      ].toSorted(),
    );
  });

  it('says why a site gives nothing', async () => {
    await expect(
      readSource(
        { from: `${site.url}/gone`, crawl: { allowPrivate: true } },
        {
          folder,
        },
      ),
    ).rejects.toThrow(/no page of .*gone could be used: 1 status/);
  });
});
