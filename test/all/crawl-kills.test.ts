/** A crawl that is killed at random moments ends with the documents of one left alone, and asks for no page twice that it has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLog } from '../../packages/octavo/src/data/crawl/crawl-log.js';
import {
  type Answer,
  html,
  type LocalSite,
  links,
  localSite,
  packed,
  redirectTo,
} from '../../packages/octavo/src/data/crawl/local-site.test-support.js';
import { readWarc } from '../../packages/octavo/src/data/crawl/warc-reader.js';
import { decompress } from '../../packages/octavo/src/data/extract/decompress.js';
import { seededRandom } from '../../packages/octavo/src/data/seeded-random.js';

const pages = 200;
const kills = 20;
const child = fileURLToPath(new URL('./support/read-source.mjs', import.meta.url));
const nouns = 'harbour lantern market orchard bridge winter letter engine garden teacher river silver'.split(' ');

/** Pages lie on so many hosts, which name one another. */
const hosts = ['www', 'docs', 'news'].map((name) => `${name}.site.test`);
const portOf = ({ headers }: IncomingMessage): string => headers.host?.split(':')[1] ?? '';
const addressOf = (request: IncomingMessage, path: string, number: number): string =>
  `http://${hosts[number % hosts.length]}:${portOf(request)}${path}`;

/** Pages of prose, each like no other, that lead to others; among them redirects, packed ones, tagged ones, forbidden ones. */
function routes(): Record<string, string | Answer> {
  const pageOf = (request: IncomingMessage, number: number): string => {
    const word = (step: number) => nouns[(number * step + (number % 7)) % nouns.length] ?? '';
    const lines = Array.from(
      { length: 12 },
      (_, line) =>
        `<p>On day ${number} of year ${line}, the ${word(line + 1)} beside the ${word(line + 3)} was painted anew.</p>`,
    );
    const to = (one: number, query = ''): string => addressOf(request, `/p/${one}${query}`, one);
    const next = [2 * number + 1, 2 * number + 2].filter((one) => one < pages).map((one) => to(one));
    const other = [
      addressOf(request, `/r/${number}`, number + 1),
      addressOf(request, `/private/${number}`, number),
      to((number * 17) % pages, '?utm_source=x#top'),
    ];
    return html(`Page ${number}`, `${lines.join('')}${links(...next, ...(number % 10 === 0 ? other : []))}`);
  };
  return {
    '/robots.txt': 'User-agent: *\nDisallow: /private/\nSitemap: /index.xml\n',
    // Each host has an index of sitemaps, and lists pages of all.
    '/index.xml': (_, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end('<sitemapindex><sitemap><loc>/map.xml.gz</loc></sitemap></sitemapindex>');
    },
    '/map.xml.gz': (request, response) => {
      response.writeHead(200, { 'content-type': 'application/gzip' });
      const listed = Array.from({ length: 20 }, (_, at) => pages - 1 - at);
      const located = listed.map((one) => `<url><loc>${addressOf(request, `/p/${one}`, one)}</loc></url>`);
      response.end(gzipSync(`<urlset>${located.join('')}</urlset>`));
    },
    '/': (request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(html('Home', links(addressOf(request, '/p/0', 0))));
    },
    // From one host to another.
    '/r/*': (request, response, url) => {
      const number = Number(url.pathname.slice(3)) + 1;
      redirectTo(addressOf(request, `/p/${number}`, number))(request, response, url);
    },
    '/p/*': (request, response, url) => {
      const number = Number(url.pathname.slice(3));
      const text = pageOf(request, number);
      if (number % 5 === 0) return packed(text)(request, response, url);
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', etag: `"${number}"` });
      response.end(text);
    },
  };
}

let site: LocalSite;
let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'octavo-crawl-kills-'));
  site = await localSite(routes());
});
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

/** Starts the crawl, and kills it `afterMs` past the request of that number, if it gets so far. */
async function start(folder: string, kill?: { readonly atRequest: number; readonly afterMs: number }) {
  const crawl = { allowPrivate: true, delaySeconds: 0, scope: 'domain' };
  const fields = { from: `http://www.site.test:${new URL(site.url).port}/`, name: 'site', crawl };
  const process = spawn(
    globalThis.process.execPath,
    [child, folder, JSON.stringify(fields), join(folder, 'out.jsonl')],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const begin = site.requests.length;
  let timer: NodeJS.Timeout | undefined;
  const watch =
    kill &&
    setInterval(() => {
      if (timer === undefined && site.requests.length - begin >= kill.atRequest)
        timer = setTimeout(() => process.kill('SIGKILL'), kill.afterMs);
    }, 1);
  const [code, signal] = await once(process, 'exit');
  clearInterval(watch);
  clearTimeout(timer);
  return { code, signal };
}

async function stored(folder: string): Promise<ReadonlySet<string>> {
  const urls = new Set<string>();
  const [name] = readdirSync(join(folder, 'cache/crawl'));
  for await (const { entry } of readLog(join(folder, 'cache/crawl', name ?? '', '0001/log.jsonl')))
    if (entry.kind === 'done') urls.add(entry.url);
    else if (entry.kind === 'robots') urls.add(`${entry.origin}/robots.txt`);
  return urls;
}

const askedSince = (begin: number): readonly string[] =>
  site.requests.slice(begin).map(({ path, headers }) => `http://${headers.host}${path}`);

const outOf = (folder: string): string => readFileSync(join(folder, 'out.jsonl'), 'utf8');

it(`ends the same after ${kills} kills`, async () => {
  const seed = Number(process.env['OCTAVO_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`OCTAVO_SEED=${seed}`);
  const random = seededRandom(seed);
  const folderOf = (name: string) => {
    const folder = join(root, name);
    mkdirSync(folder);
    return folder;
  };
  const alone = folderOf('alone');
  expect(await start(alone)).toEqual({ code: 0, signal: null });
  const expected = outOf(alone);
  expect(expected.trim().split('\n')).toHaveLength(pages + 2);
  const requests = site.requests.length;
  expect(new Set(askedSince(0)).size).toBe(requests);

  let killed = 0;
  for (let crawl = 0; killed < kills; crawl++) {
    const folder = folderOf(String(crawl));
    for (;;) {
      const had = crawl > 0 || killed > 0 ? await stored(folder).catch(() => new Set<string>()) : new Set<string>();
      const begin = site.requests.length;
      // Half of the crawls are killed once, the others again and again.
      const again = killed < kills && (had.size === 0 || crawl % 2 === 1);
      const kill = { atRequest: 1 + random(Math.max(1, requests - had.size)), afterMs: random(8) };
      const { code, signal } = await start(folder, again ? kill : undefined);
      const asked = askedSince(begin);
      expect(asked.filter((path) => had.has(path))).toEqual([]);
      expect(new Set(asked).size).toBe(asked.length);
      if (signal === 'SIGKILL') {
        killed++;
        continue;
      }
      expect(code).toBe(0);
      break;
    }
    expect(outOf(folder)).toBe(expected);
    // The archive is whole from end to end, and holds each page once.
    const [name] = readdirSync(join(folder, 'cache/crawl'));
    const archive = join(folder, 'cache/crawl', name ?? '', '0001/pages-00000.warc.gz');
    const seen: string[] = [];
    const bytes = async function* () {
      yield readFileSync(archive);
    };
    for await (const { headers } of readWarc(decompress(bytes(), archive), { where: archive, mostBytes: 1 << 20 }))
      if (headers.get('warc-type') === 'response') seen.push(headers.get('warc-target-uri') ?? '');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(pages + 1);
  }
});
