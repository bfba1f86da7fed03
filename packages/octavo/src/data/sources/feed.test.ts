import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localSite, redirectTo } from '../crawl/local-site.test-support.js';
import { readFeed } from './read-feed.js';
import { readSource } from './source.test-support.js';

const prose = 'People wrote of the whale in letters that were kept for many years. '.repeat(6).trim();

const rss2 = `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>News</title><copyright>CC BY 4.0</copyright>
<item><title>The <![CDATA[<b>whale</b>]]> &amp; the sea</title><link>https://a.example/1</link><guid isPermaLink="false">one</guid>
<pubDate>Wed, 02 Oct 2024 13:00:00 GMT</pubDate><description>Short.</description>
<content:encoded><![CDATA[<p>${prose}</p><p>Second &eacute;tude.</p>]]></content:encoded></item>
<item><title>Plain</title><link>/2</link><description>Only words, 1 &lt; 2.</description></item>
<item><title>Nothing</title><link>https://a.example/3</link></item>
<item><guid>one</guid><description>again</description></item>
</channel></rss>`;

const rss1 = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://b.example/"><title>B</title></channel>
<item rdf:about="https://b.example/1"><title>One</title><dc:date>2003-04-05T06:07:08+02:00</dc:date><description>${prose}</description></item></rdf:RDF>`;

const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><rights>CC0</rights>
<entry><id>tag:a,2024:1</id><title type="text">One</title><link rel="edit" href="https://c.example/edit"/><link href="https://c.example/1"/>
<updated>2024-01-01T00:00:00Z</updated><published>2023-12-31T00:00:00Z</published><summary>short</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>${prose}</p><p>1 &lt; 2</p></div></content></entry></feed>`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-feed-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readFeed', () => {
  it('reads RSS 2.0', () => {
    expect(readFeed(rss2, 'https://a.example/feed')).toMatchObject({
      rights: 'CC BY 4.0',
      items: [
        {
          id: 'one',
          title: 'whale & the sea'.replace(/^/, 'The '),
          url: 'https://a.example/1',
          time: '2024-10-02T13:00:00.000Z',
          isHtml: true,
        },
        { title: 'Plain', url: 'https://a.example/2', text: 'Only words, 1 < 2.', isHtml: false },
        { text: '' },
        { id: 'one' },
      ],
    });
  });

  it('reads RSS 1.0', () =>
    expect(readFeed(rss1).items).toMatchObject([
      { id: 'https://b.example/1', url: 'https://b.example/1', time: '2003-04-05T04:07:08.000Z', text: prose },
    ]));

  it('reads Atom', () =>
    expect(readFeed(atom)).toMatchObject({
      rights: 'CC0',
      items: [
        {
          id: 'tag:a,2024:1',
          url: 'https://c.example/1',
          time: '2023-12-31T00:00:00.000Z',
          text: `<div><p>${prose}</p><p>1 &lt; 2</p></div>`,
          isHtml: true,
        },
      ],
    }));

  it.each([
    '',
    '<',
    '<rss',
    '<rss><channel><item><title>x',
    `<a>${'<b>'.repeat(50_000)}`,
    '<!DOCTYPE x [<!ENTITY a "&a;&a;">]><rss>&a;</rss>',
    '{"json":1}',
  ])('bears %#', (text) => {
    expect(readFeed(text).items.length).toBeLessThan(2);
  });
});

describe('a feed as a source', () => {
  it('is fetched once through the guard and gives its articles', async () => {
    const site = await localSite({
      '/old': redirectTo('/feed'),
      '/feed': (_, response) => response.writeHead(200, { 'content-type': 'application/rss+xml' }).end(rss2),
      '/inside': redirectTo('file:///etc/passwd'),
    });
    const read = (path: string, allowPrivate = true) =>
      readSource({ from: `feed:${site.url}${path}`, name: 'news', feed: { allowPrivate } }, { folder });
    const { documents, counts } = await read('/old');
    expect(documents).toEqual([
      expect.objectContaining({
        id: 'news/one',
        licence: 'CC BY 4.0',
        url: 'https://a.example/1',
        time: '2024-10-02T13:00:00.000Z',
        title: 'The whale & the sea',
      }),
      expect.objectContaining({ text: 'Only words, 1 < 2.', time: '2026-01-02T00:00:00.000Z' }),
    ]);
    expect(documents[0]?.text).toContain('Second étude.');
    expect(counts).toEqual({ 'link-only': 1, repeat: 1 });
    await read('/old');
    expect(site.hits.get('/feed')).toBe(1);
    await expect(read('/feed?x', false)).rejects.toThrow(/DATA_ADDRESS_REFUSED/);
    await expect(read('/inside')).rejects.toThrow(/DATA_ADDRESS_REFUSED/);
    await expect(read('/gone')).rejects.toThrow(/it answers 404/);
    await site.close();
  });

  it('may be a file', async () => {
    await writeFile(join(folder, 'b.rdf'), rss1);
    expect((await readSource({ from: 'feed:b.rdf' }, { folder })).documents).toMatchObject([
      { text: prose, title: 'One' },
    ]);
    await expect(readSource({ from: 'feed:absent.xml' }, { folder })).rejects.toThrow(/DATA_SOURCE/);
  });
});
