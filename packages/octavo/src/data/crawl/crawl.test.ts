/** F10: crawls of local sites: what is fetched, in what manner, and that traps end within their budget. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crawl } from './crawl.js';
import { type Done, readLog } from './crawl-log.js';
import { retryAfterMs } from './fetch-page.js';
import { type Answer, html, links, localSite, packed, redirectTo } from './local-site.test-support.js';
import { type CrawlOptions, crawlOptions } from './options.js';
import { robotsBytes } from './robots.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-crawl-'));
});
afterAll(() => rm(folder, { recursive: true }));

let crawls = 0;
async function run(
  routes: Readonly<Record<string, string | Answer>>,
  options: Partial<CrawlOptions> = {},
  { seed = '/', into = `${++crawls}`, signal = new AbortController().signal, now = () => Date.UTC(2026, 0, 2) } = {},
) {
  const site = await localSite(routes);
  try {
    const at = join(folder, into);
    const crawled = await crawl(
      [new URL(seed, site.url).href],
      crawlOptions.parse({ allowPrivate: true, delaySeconds: 0, ...options }),
      {
        folder: at,
        now,
        signal,
      },
    );
    const done: Done[] = [];
    for await (const { entry } of readLog(join(at, crawled.generation, 'log.jsonl')))
      if (entry.kind === 'done') done.push(entry);
    const outcomes = Object.fromEntries(done.map(({ url, outcome }) => [url.replace(site.url, ''), outcome]));
    return { site, crawled, done, outcomes, at };
  } finally {
    await site.close();
  }
}

const xml =
  (body: string): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(body);
  };

describe('a crawl', () => {
  it('follows links, sitemaps, redirects and canonical addresses, once each, and obeys robots.txt and meta', async () => {
    const { outcomes, site, crawled } = await run({
      '/robots.txt': 'User-agent: *\nDisallow: /private/\nSitemap: /sitemap.xml\n',
      '/sitemap.xml': xml('<sitemapindex><sitemap><loc>/s/1.xml.gz</loc></sitemap></sitemapindex>'),
      '/s/1.xml.gz': (_, response) => {
        response.writeHead(200, { 'content-type': 'application/gzip' });
        response.end(gzipSync('<urlset><url><loc>/only-in-sitemap?a=1&amp;b=2</loc></url></urlset>'));
      },
      '/': html(
        'Home',
        links(
          '/a',
          '/a#part',
          '/a?utm_source=x',
          '/private/x',
          '/moved',
          '/b/../packed',
          '/pic.png',
          'http://other.example/',
        ),
      ),
      '/a': html('A', links('/', '/deep', '/quiet'), '<link rel=canonical href="/real-a">'),
      '/real-a': html('Real A', 'the real one'),
      '/deep': html('Deep', links('/deeper'), '<meta name=robots content="noindex">'),
      '/deeper': html('Deeper', 'yes'),
      '/quiet': html('Quiet', links('/secret'), '<meta name=robots content=nofollow>'),
      '/moved': redirectTo('/target'),
      '/target': html('Target', 'reached'),
      '/packed': packed(html('Packed', links('/from-packed'))),
      '/from-packed': html('From packed', '…'),
      '/only-in-sitemap?a=1&b=2': html('Sitemap', 'found'),
    });
    expect(outcomes).toEqual({
      '/': 'page',
      '/sitemap.xml': 'sitemap',
      '/s/1.xml.gz': 'sitemap',
      '/only-in-sitemap?a=1&b=2': 'page',
      '/a': 'page',
      '/real-a': 'page',
      '/private/x': 'robots',
      '/moved': 'redirect',
      '/target': 'page',
      '/packed': 'page',
      '/from-packed': 'page',
      '/deep': 'noindex',
      '/deeper': 'page',
      '/quiet': 'page',
    });
    expect([...site.hits.values()].every((count) => count === 1)).toBe(true);
    expect([...site.hits.keys()]).not.toContain('/private/x');
    expect(crawled.why).toBe('all');
    expect(site.requests.every(({ headers }) => headers['user-agent']?.startsWith('octavo/'))).toBe(true);
  });

  it('reads a sitemap of more bytes than a page may have', async () => {
    const many = Array.from({ length: 50 }, (_, at) => `<url><loc>/${at}</loc></url>`);
    const { outcomes } = await run(
      { '/robots.txt': 'Sitemap: /map.xml\n', '/map.xml': xml(`<urlset>${many.join('')}</urlset>`), '/49': 'here' },
      { pageBytes: 1024 },
    );
    expect(outcomes).toMatchObject({ '/map.xml': 'sitemap', '/49': 'page' });
  });

  it('obeys every X-Robots-Tag that comes', async () => {
    const { outcomes, site } = await run({
      '/': (_, response) => {
        response.writeHead(200, [
          ['content-type', 'text/html'],
          ['x-robots-tag', 'noarchive'],
          ['x-robots-tag', 'noindex, nofollow'],
        ]);
        response.end(html('Home', links('/a')));
      },
      '/a': 'followed',
    });
    expect(outcomes).toEqual({ '/': 'noindex' });
    expect(site.hits.has('/a')).toBe(false);
  });

  it('asks for robots.txt again when it is a day old, and goes by the old one where that fails', async () => {
    let nowMs = 0;
    let asked = 0;
    const page =
      (body: string): Answer =>
      (_, response) => {
        nowMs += 25 * 3_600_000;
        response.writeHead(200, { 'content-type': 'text/html' }).end(html('Page', body));
      };
    const { outcomes, site } = await run(
      {
        '/robots.txt': (_, response) => {
          if (++asked === 1) response.end('User-agent: *\nDisallow: /private/\n');
          else if (asked < 5) response.writeHead(503).end();
          else response.end('User-agent: *\nDisallow: /\n');
        },
        '/': page(links('/private/x', '/a', '/b')),
        '/a': page('a'),
        '/b': page('b'),
      },
      {},
      { now: () => nowMs },
    );
    // Three times 503, and the rules of the day before hold; a day later there are new ones.
    expect(outcomes).toEqual({ '/': 'page', '/private/x': 'robots', '/a': 'page', '/b': 'robots' });
    expect(site.hits.get('/robots.txt')).toBe(5);
  });

  it('goes on with the time that it had left when it was stopped', async () => {
    const chain: Answer = (_, response, url) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(html(url.pathname, links(`/${Number(url.pathname.slice(1)) + 1}`)));
    };
    const routes = { '/*': chain, '/robots.txt': 'Allow: /\n' };
    const into = 'stopped';
    const { at } = await run(routes, { pages: 3 }, { seed: '/0', into });
    const log = join(at, '0001/log.jsonl');
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    expect(lines.slice(0, -1).map((line) => JSON.parse(line).spentMs)).toEqual(Array(4).fill(expect.any(Number)));
    // As if it had been killed after the second page, and had taken a minute for that.
    const killed = lines
      .slice(0, 3)
      .join('\n')
      .replace(/"spentMs":\d+(?=[^\n]*$)/, '"spentMs":60000');
    await writeFile(log, `${killed}\n`);
    const { crawled, site } = await run(routes, { minutes: 1 }, { seed: '/0', into });
    expect(crawled.why).toBe('minutes');
    expect(site.requests).toEqual([]);
  });

  it('keeps to one connection a host and to its delay', async () => {
    const routes = {
      '/robots.txt': 'User-agent: octavo\nCrawl-delay: 0.15\n',
      '/': html('Home', links('/1', '/2', '/3')),
      '/1': 'one',
      '/2': 'two',
      '/3': 'three',
    };
    const { site } = await run(routes, { hosts: 8 });
    expect(new Set(site.requests.map(({ socket }) => socket)).size).toBe(1);
    const gaps = site.requests.slice(1).map(({ atMs }, at) => atMs - (site.requests[at]?.atMs ?? 0));
    expect(gaps).toHaveLength(4);
    expect(Math.min(...gaps)).toBeGreaterThan(140);
  });

  it.each([
    ['host', ['/docs/a', '/other']],
    ['prefix', ['/docs/a']],
  ] as const)('keeps to its scope: %s', async (scope, expected) => {
    const { outcomes } = await run(
      {
        '/docs/': html('Docs', links('a', '/other', 'http://127.0.0.2/x')),
        '/docs/a': html('A', 'a'),
        '/other': html('Other', 'o'),
      },
      { scope },
      { seed: '/docs/' },
    );
    expect(Object.keys(outcomes)).toEqual(['/docs/', ...expected]);
  });

  it('keeps to patterns, depth and pages', async () => {
    const chain: Answer = (_, response, url) => {
      const number = Number(url.pathname.slice(3));
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(html(`Page ${number}`, links(`/p/${number + 1}`, `/q/${number + 1}`)));
    };
    const routes = { '/p/*': chain, '/q/*': chain };
    expect(Object.keys((await run(routes, { depth: 3, include: ['p/**'] }, { seed: '/p/0' })).outcomes)).toEqual([
      '/p/0',
      '/p/1',
      '/p/2',
      '/p/3',
    ]);
    expect(Object.keys((await run(routes, { depth: 3, exclude: ['q/**'] }, { seed: '/p/0' })).outcomes)).toHaveLength(
      4,
    );
    const { outcomes, crawled } = await run(routes, { depth: 1000, pages: 7 }, { seed: '/p/0' });
    expect(Object.keys(outcomes)).toHaveLength(7);
    expect(crawled.why).toBe('pages');
  });

  it('fetches nothing twice when asked again, and only what changed when told to', async () => {
    let version = 1;
    const tagged: Answer = (request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { 'content-type': 'text/html', etag: '"1"' }).end(html('Tagged', links('/leaf')));
    };
    const dated: Answer = (request, response) => {
      const modified = `Fri, 0${version} Jan 2026 00:00:00 GMT`;
      if (request.headers['if-modified-since'] === modified) response.writeHead(304).end();
      else
        response
          .writeHead(200, { 'content-type': 'text/html', 'last-modified': modified })
          .end(html(`Version ${version}`, 'text'));
    };
    const site = await localSite({
      '/': html('Home', links('/tagged', '/dated')),
      '/tagged': tagged,
      '/dated': dated,
      '/leaf': html('Leaf', 'l'),
    });
    const at = join(folder, 'again');
    const go = (recrawl: 'never' | 'changed') =>
      crawl([`${site.url}/`], crawlOptions.parse({ allowPrivate: true, delaySeconds: 0, recrawl }), {
        folder: at,
        now: () => 0,
        signal: new AbortController().signal,
      });
    try {
      await go('never');
      const before = site.requests.length;
      await go('never');
      expect(site.requests).toHaveLength(before);
      version = 2;
      const { generation } = await go('changed');
      const done = new Map<string, Done>();
      for await (const { entry } of readLog(join(at, generation, 'log.jsonl')))
        if (entry.kind === 'done') done.set(entry.url.replace(site.url, ''), entry);
      expect(done.get('/tagged')).toMatchObject({
        outcome: 'page',
        status: 304,
        file: expect.stringMatching(/^0001\//),
      });
      expect(done.get('/dated')).toMatchObject({
        outcome: 'page',
        status: 200,
        file: expect.stringMatching(/^0002\//),
      });
      expect(done.get('/leaf')).toMatchObject({ status: 200 });
    } finally {
      await site.close();
    }
  });
});

describe('a hostile site', () => {
  it.each([
    [404, 'page'],
    [403, 'page'],
    [500, 'robots'],
    [503, 'robots'],
    [429, 'robots'],
  ])('robots.txt that answers %i', async (status, outcome) => {
    const { outcomes } = await run({
      '/robots.txt': (_, response) => response.writeHead(status).end(),
      '/': html('Home', 'text'),
    });
    expect(outcomes).toEqual({ '/': outcome });
  });

  it('robots.txt that fails once is asked for again', async () => {
    let asked = 0;
    const { outcomes, site } = await run({
      '/robots.txt': (request, response) => {
        if (++asked === 1) request.socket.destroy();
        else response.writeHead(404).end();
      },
      '/': html('Home', 'text'),
    });
    expect(outcomes).toEqual({ '/': 'page' });
    expect(site.hits.get('/robots.txt')).toBe(2);
  });

  it('robots.txt whose limit falls into a line', async () => {
    const head = 'User-agent: *\nDisallow: /b\n';
    const filler = '#'.repeat(robotsBytes - head.length - 'Disallow: /p\n'.length);
    const { outcomes } = await run({
      '/robots.txt': `${head}${filler}\nDisallow: /private\n`,
      '/': html('Home', links('/page', '/b')),
      '/page': 'here',
    });
    expect(outcomes).toEqual({ '/': 'page', '/page': 'page', '/b': 'robots' });
  });

  it.each([
    [undefined, 0],
    ['5', 5000],
    ['Fri, 02 Jan 2026 00:00:10 GMT', 10_000],
    ['Thu, 01 Jan 2026 00:00:00 GMT', 0],
    ['soon', 0],
  ])('that says Retry-After: %s is left alone for %i ms', (value, ms) => {
    expect(retryAfterMs(value === undefined ? [] : [['retry-after', value]], Date.UTC(2026, 0, 2))).toBe(ms);
  });

  it('robots.txt that redirects for ever, that never ends, and that is huge', async () => {
    const loop = await run({ '/robots.txt': redirectTo('/robots.txt'), '/': html('Home', 'text') });
    expect(loop.outcomes).toEqual({ '/': 'page' });
    expect(loop.site.hits.get('/robots.txt')).toBe(6);
    const huge = await run({
      '/robots.txt': `User-agent: *\nDisallow: /a\n${'#'.repeat(600_000)}\nDisallow: /\n`,
      '/': html('H', links('/a')),
    });
    expect(huge.outcomes).toEqual({ '/': 'page', '/a': 'robots' });
    const endless = await run(
      {
        '/robots.txt': (_, response) => {
          response.writeHead(200);
          response.write('User-agent: *');
        },
        '/': html('Home', 'text'),
      },
      { pageSeconds: 1 },
    );
    expect(endless.outcomes).toEqual({ '/': 'robots' });
  });

  it('ends within its budget: calendar, session ids, redirects, endless and slow bodies, bombs, circles, private redirects', async () => {
    const stream =
      (everyMs: number, bytes: number): Answer =>
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        const timer = setInterval(() => response.write('x'.repeat(bytes)), everyMs);
        response.on('close', () => clearInterval(timer));
      };
    const { outcomes, site, done } = await run(
      {
        '/': html(
          'Trap',
          links(
            '/calendar?month=1',
            '/s/0',
            '/hop/0',
            '/loop',
            '/endless',
            '/drip',
            '/bomb',
            '/big',
            '/c/c/',
            '/inside',
            '/file',
            '/silent',
            '/odd',
            '/drop',
            '/binary',
          ),
        ),
        '/calendar*': (_, response, url) => {
          const month = Number(url.searchParams.get('month'));
          response.writeHead(200, { 'content-type': 'text/html' });
          response.end(
            html(`Month ${month}`, links(`/calendar?month=${month + 1}`, `/calendar?month=${month + 1}&sid=${month}`)),
          );
        },
        '/s/*': (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html' });
          response.end(
            `<title>Session</title><p>The same text. <a href="/s/${Math.random()}">on</a> <a href="/s/${Math.random()}">on</a>`,
          );
        },
        '/hop/*': (_, response, url) =>
          response.writeHead(302, { location: `/hop/${Number(url.pathname.slice(5)) + 1}` }).end(),
        '/loop': redirectTo('/loop2'),
        '/loop2': redirectTo('/loop'),
        '/endless': stream(1, 65_536),
        '/drip': stream(100, 1),
        '/bomb': packed(Buffer.alloc(3_000_000, 97)),
        '/big': (_, response) =>
          response.writeHead(200, { 'content-type': 'text/html', 'content-length': '99999999' }).end(),
        '/c/*': (_, response, url) => {
          response.writeHead(200, { 'content-type': 'text/html' });
          response.end(html(url.pathname, links('c/', 'd/')));
        },
        '/inside': redirectTo('http://other.invalid:1/'),
        '/file': redirectTo('file:///etc/passwd'),
        '/silent': () => undefined,
        '/odd': (_, response) =>
          response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'rot13' }).end('x'),
        '/drop': (request) => request.socket.destroy(),
        '/binary': (_, response) => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('x'),
      },
      { pages: 120, depth: 6, pageBytes: 200_000, pageSeconds: 1 },
    );
    expect(outcomes).toMatchObject({
      '/': 'page',
      '/calendar?month=6': 'page',
      '/loop': 'redirect',
      '/loop2': 'redirect',
      '/endless': 'too-large',
      '/drip': 'too-slow',
      '/bomb': 'too-large',
      '/big': 'too-large',
      '/inside': 'redirect',
      '/file': 'redirect',
      '/silent': 'too-slow',
      '/odd': 'damaged',
      '/drop': 'failed',
      '/binary': 'not-text',
    });
    expect(outcomes).not.toHaveProperty('/calendar?month=7');
    const paths = site.requests.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('/s/')).length).toBeLessThanOrEqual(3);
    expect(paths.filter((path) => path.startsWith('/hop/'))).toHaveLength(9);
    expect(paths.filter((path) => /(\/c){4}/.test(path))).toEqual([]);
    expect(done.length).toBeLessThanOrEqual(120);
  }, 20_000);

  it.each([
    ['megabytes', { megabytes: 1 }],
    ['minutes', { minutes: 0.01 }],
  ] as const)('ends within its budget of %s', async (why, budget) => {
    const site = await localSite({
      '/*': (_, response, url) => {
        const number = Number(url.pathname.slice(1));
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end(html(`Page ${number}`, `${links(`/${number + 1}`)}<p>${'x'.repeat(100_000)}`));
      },
    });
    const effects = { folder: join(folder, why), now: () => 0, signal: new AbortController().signal };
    const options = crawlOptions.parse({ allowPrivate: true, delaySeconds: 0.02, depth: 1000 });
    const crawled = await crawl([`${site.url}/0`], { ...options, ...budget }, effects);
    await site.close();
    expect(crawled.why).toBe(why);
    const pages = site.requests.length - 1;
    // Eleven pages of a little more than 100,000 bytes are the first to be more than a mebibyte.
    if (why === 'megabytes') expect(pages).toBe(11);
    const gaps = site.requests.slice(1).map(({ atMs }, at) => atMs - (site.requests[at]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(18);
  });

  it('is not reached on a private address unless that is allowed', async () => {
    const site = await localSite({ '/': 'inside' });
    const go = (seed: string, answers: readonly string[]) =>
      crawl([seed], crawlOptions.parse({ contact: 'a@b.example', delaySeconds: 0 }), {
        folder: join(folder, `guard-${++crawls}`),
        now: () => 0,
        signal: new AbortController().signal,
        resolve: async () => answers.map((address) => ({ address, family: 4 })),
      });
    await expect(go(`${site.url}/`, [])).rejects.toThrow(/DATA_ADDRESS_REFUSED/);
    const { generation } = await go('http://rebind.example/', ['127.0.0.1']);
    expect(await readFile(join(folder, `guard-${crawls}`, generation, 'log.jsonl'), 'utf8')).toMatch(
      /"outcome":"robots"/,
    );
    expect(site.hits.size).toBe(0);
    await site.close();
  });

  it('is not visited without a contact', async () => {
    await expect(
      crawl(['https://example.com/'], crawlOptions.parse({}), {
        folder,
        now: () => 0,
        signal: new AbortController().signal,
      }),
    ).rejects.toThrow(/crawl.contact/);
    expect(await readdir(folder)).not.toContain('0001');
  });
});
