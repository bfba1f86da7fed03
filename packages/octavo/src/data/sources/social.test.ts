import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../crawl/local-site.test-support.js';
import { nextPage } from './mastodon.js';
import { postText } from './post-text.js';
import { readSource } from './source.test-support.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-social-'));
});
afterAll(() => rm(folder, { recursive: true }));

const lines = (...rows: readonly unknown[]) =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');

describe('dumps of Reddit', () => {
  it('give posts and comments that are still there', async () => {
    const rows = lines(
      {
        id: 'p1',
        title: 'On whales',
        selftext: 'They are large &amp; old, &lt;3.',
        created_utc: 1_600_000_000,
        permalink: '/r/whales/comments/p1/',
      },
      { id: 'p2', title: 'A link', selftext: '', created_utc: 1_600_000_001, url: 'https://a.example' },
      { id: 'p3', title: 'Gone', selftext: '[removed]', created_utc: 1_600_000_002 },
      { id: 'c1', body: 'I saw one.', created_utc: '1600000003', link_id: 't3_p1' },
      { id: 'c2', body: '[deleted]' },
      '{broken',
      '[1]',
    );
    await writeFile(join(folder, 'RC_2020-09.ndjson.gz'), gzipSync(rows));
    const { documents, rejected, counts } = await readSource({ from: 'reddit:RC_2020-09.ndjson.gz' }, { folder });
    expect(documents).toEqual([
      {
        id: 'reddit-RC_2020-09.ndjson.gz:t3_p1:1',
        source: 'reddit-RC_2020-09.ndjson.gz',
        licence: 'unknown',
        text: 'On whales\n\nThey are large & old, <3.',
        url: 'https://www.reddit.com/r/whales/comments/p1/',
        time: '2020-09-13T12:26:40.000Z',
        title: 'On whales',
      },
      expect.objectContaining({ text: 'I saw one.', time: '2020-09-13T12:26:43.000Z' }),
    ]);
    expect(counts).toEqual({ 'link-only': 1, deleted: 2 });
    expect(rejected.map(({ reason }) => reason)).toEqual(['invalid-json', 'no-text']);
  });
});

describe('dumps of Hacker News', () => {
  it('give stories and comments as text, from lines or an array of lines', async () => {
    const rows = [
      {
        id: 1,
        type: 'story',
        title: 'Ask HN: whales?',
        text: 'Have you &quot;seen&quot; one?<p>Where?<pre><code>  sea()\n</code></pre>',
        time: 1_160_418_111,
      },
      {
        id: 2,
        type: 'comment',
        text: 'Yes.<p>See <a href="https://a.example">here</a>',
        parent: 1,
        time: 1_160_418_112,
      },
      { id: 3, type: 'story', title: 'A link', url: 'https://a.example', time: 1 },
      { id: 4, type: 'comment', dead: true, text: 'spam', time: 1 },
      { id: 5, deleted: true, type: 'comment', time: 1 },
    ];
    await writeFile(join(folder, 'items.json'), `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
    const { documents, counts, rejected } = await readSource({ from: 'hackernews:items.json', name: 'hn' }, { folder });
    expect(documents.map(({ text, url, time }) => [text, url, time])).toEqual([
      [
        'Ask HN: whales?\n\nHave you "seen" one?\n\nWhere?\n\n  sea()',
        'https://news.ycombinator.com/item?id=1',
        '2006-10-09T18:21:51.000Z',
      ],
      ['Yes.\n\nSee here', 'https://news.ycombinator.com/item?id=2', '2006-10-09T18:21:52.000Z'],
    ]);
    expect(counts).toEqual({ 'link-only': 1, deleted: 2 });
    expect(rejected).toEqual([]);
  });
});

describe('postText', () => {
  it.each([
    ['<p>One<br>two</p><p>three</p>', 'One\ntwo\n\nthree'],
    ['<ul><li>a</li><li>b</li></ul>', '- a\n\n- b'],
    ['a &lt;b&gt; <script>x</script>c', 'a <b> c'],
    [`${'<blockquote>'.repeat(5000)}deep`, 'deep'],
  ])('%#', (html, text) => expect(postText(html)).toBe(text));
});

describe('a Mastodon server', () => {
  let server: Server;
  let origin = '';
  const requests: string[] = [];
  let refuse = 1;
  const post = (id: number, more: object = {}) => ({
    id: `${id}`,
    url: `${origin}/@a/${id}`,
    created_at: '2025-01-02T03:04:05.000Z',
    content: `<p>Post ${id} about whales</p>`,
    visibility: 'public',
    reblog: null,
    account: { noindex: false },
    ...more,
  });
  beforeAll(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', origin);
      requests.push(`${url.pathname}${url.search}`);
      if (url.searchParams.get('max_id') === '81' && refuse-- > 0) {
        response.writeHead(429, { 'retry-after': '0' }).end();
        return;
      }
      if (!url.pathname.startsWith('/api/v1/timelines/')) {
        response.writeHead(404).end();
        return;
      }
      const newest = Number(url.searchParams.get('max_id') ?? 121) - 1;
      const limit = Number(url.searchParams.get('limit'));
      const posts = Array.from({ length: Math.min(limit, newest) }, (_, at) => {
        const id = newest - at;
        if (id === 118) return post(id, { account: { noindex: true } });
        if (id === 117) return post(id, { visibility: 'unlisted' });
        if (id === 116) return post(id, { reblog: post(1) });
        if (id === 115) return { id: 5 };
        return post(id);
      });
      const oldest = newest - posts.length + 1;
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(oldest > 1
          ? {
              link: `<${origin}${url.pathname}?limit=${limit}&max_id=${oldest}>; rel="next", <${origin}${url.pathname}?min_id=${newest}>; rel="prev"`,
            }
          : {}),
      });
      response.end(JSON.stringify(posts));
    });
    origin = `http://127.0.0.1:${await listen(server)}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is read along its cursor, waits when told to, and is asked for nothing twice', async () => {
    const from = {
      from: `mastodon:${origin}/tags/whales`,
      name: 'fedi',
      mastodon: { allowPrivate: true, delaySeconds: 0 },
    };
    const { documents, counts, events } = await readSource(from, { folder });
    expect(documents).toHaveLength(116);
    expect(documents[0]).toEqual({
      id: 'fedi/120',
      source: 'fedi',
      licence: 'unknown',
      text: 'Post 120 about whales',
      url: `${origin}/@a/120`,
      time: '2025-01-02T03:04:05.000Z',
    });
    expect(counts).toEqual({ noindex: 1, 'not-public': 1, boost: 1, damaged: 1 });
    const path = '/api/v1/timelines/tag/whales?limit=40';
    // The second page was refused once.
    expect(requests).toEqual([path, `${path}&max_id=81`, `${path}&max_id=81`, `${path}&max_id=41`]);
    expect(events.at(-1)).toMatchObject({ done: 120, unit: 'posts' });
    expect((await readSource(from, { folder })).documents).toEqual(documents);
    expect(requests).toHaveLength(4);
  });

  it('of this machine is refused unless allowed', async () => {
    await expect(readSource({ from: `mastodon:${origin}` }, { folder })).rejects.toThrow(/DATA_ADDRESS_REFUSED/);
    await expect(readSource({ from: 'mastodon:file:///etc' }, { folder })).rejects.toThrow(/names no server/);
  });

  it.each([
    ['<https://a.example/x?max_id=1>; rel="next"', 'https://a.example/x?max_id=1'],
    ['<https://a.example/p>; rel="prev", </x>; rel="next"', 'https://a.example/x'],
    ['<https://evil.example/x>; rel="next"', undefined],
    ['', undefined],
    ['<'.repeat(8000), undefined],
  ])('its Link header %#', (link, expected) => expect(nextPage(link, 'https://a.example')).toBe(expected));
});
