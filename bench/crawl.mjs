/**
 * Our crawler beside Crawlee's CheerioCrawler on one site of real text, served by a process of its own.
 *
 *   node bench/crawl.mjs [--pages 2000] [--rounds 5]
 *
 * Both obey robots.txt, ask without pauses, keep at most as many requests under way as there are hosts (one a host is all that
 * we ever have), extract the main text of each page by our extractor, and end with the same documents, or the bench stops.
 * Ours keeps pages as WARC and can be killed and go on. Crawlee runs as it comes, with its queue on the disk, and in memory.
 * It is installed into bench/.crawlee on first use.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { extractArticle } from '../packages/octavo/dist/data/extract/html.js';
import { dataSection } from '../packages/octavo/dist/data/section.js';
import { resolveSources } from '../packages/octavo/dist/data/sources/resolve.js';
import { alternate, table, writeResult } from './harness.mjs';

const { values: options } = parseArgs({
  options: { pages: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
});
const version = '3.18.1';

function crawlee() {
  const folder = fileURLToPath(new URL('.crawlee', import.meta.url));
  if (!existsSync(join(folder, 'node_modules/@crawlee/cheerio'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const { status } = spawnSync(
      'npm',
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', '-E', `@crawlee/cheerio@${version}`],
      { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (status !== 0) return undefined;
  }
  return createRequire(join(folder, 'package.json'))('@crawlee/cheerio');
}

const peer = crawlee();
if (peer === undefined) {
  process.stderr.write('SKIPPED: Crawlee could not be installed\n');
  process.exit(0);
}
peer.log.setLevel(peer.log.LEVELS.OFF);

const scratch = mkdtempSync(join(tmpdir(), 'octavo-bench-crawl-'));
let runs = 0;
const freshFolder = () => join(scratch, String(++runs));

/** Address and text of each document; what a contestant leaves is compared by it. */
const digestOf = (documents) =>
  createHash('sha256')
    .update(JSON.stringify([...documents].sort()))
    .digest('hex');

async function ours(seeds) {
  const sources = seeds.map((from, at) => ({
    from,
    name: `host-${at}`,
    windowBytes: 1_048_576,
    crawl: { allowPrivate: true, delaySeconds: 0 },
  }));
  const folder = freshFolder();
  const context = {
    projectFolder: folder,
    cacheFolder: folder,
    emit: () => undefined,
    clock: { now: Date.now },
    signal: new AbortController().signal,
  };
  const resolved = resolveSources(dataSection.parse({ sources }).sources);
  const documents = [];
  const read = async (source) => {
    const open = await source.open(context);
    for await (const item of open.documents(() => undefined))
      if (item.kind === 'document') documents.push([item.document.url, item.document.text]);
  };
  await Promise.all(resolved.map(read));
  return documents;
}

async function theirs(seeds, persistStorage) {
  const documents = [];
  const configuration = new peer.Configuration({
    persistStorage,
    storageClientOptions: { localDataDirectory: freshFolder(), persistStorage },
  });
  const crawler = new peer.CheerioCrawler(
    {
      minConcurrency: seeds.length,
      maxConcurrency: seeds.length,
      respectRobotsTxtFile: true,
      useSessionPool: false,
      requestHandler: async ({ request, body, enqueueLinks }) => {
        const url = request.loadedUrl.split('?')[0];
        documents.push([url, extractArticle(String(body), { url }).text]);
        await enqueueLinks({
          strategy: 'same-hostname',
          transformRequestFunction: (next) => ({
            ...next,
            url: next.url.split('?')[0],
            uniqueKey: next.url.split('?')[0],
          }),
        });
      },
    },
    configuration,
  );
  await crawler.run(seeds);
  return documents;
}

const here = fileURLToPath(new URL('crawl-site.mjs', import.meta.url));
for (const hosts of [1, 8]) {
  const server = spawn(process.execPath, [here, options.pages, String(hosts)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  const { port, pages, bytes } = JSON.parse(line);
  const seeds = Array.from({ length: hosts }, (_, at) => `http://127.0.0.${at + 1}:${port}/p/0`);
  process.stdout.write(`\n${pages} pages of ${hosts} hosts, ${(bytes / 2 ** 20).toFixed(1)} MiB, Crawlee ${version}\n`);
  let expected;
  /** Seconds of processor that each run of a contestant took of this process: they say more than time where others work too. */
  const busy = new Map();
  const contestant = (name, crawl, required) => ({
    name,
    required,
    run: async () => {
      const startedMs = performance.now();
      const before = process.cpuUsage();
      const documents = await crawl();
      const seconds = (performance.now() - startedMs) / 1000;
      const { user, system } = process.cpuUsage(before);
      busy.set(name, Math.min(busy.get(name) ?? Infinity, (user + system) / 1e6));
      const digest = digestOf(documents);
      expected ??= digest;
      if (documents.length !== pages || digest !== expected)
        throw new Error(`it left ${documents.length} documents of ${pages}, or others than octavo did`);
      return seconds;
    },
  });
  const result = await alternate(
    [
      contestant('octavo', () => ours(seeds), true),
      contestant('crawlee', () => theirs(seeds, true), false),
      contestant('crawlee in memory', () => theirs(seeds, false), false),
    ],
    { rounds: Number(options.rounds), warmup: 1, maxSeconds: 240 },
  );
  process.stdout.write(`${table(result, { ours: 'octavo', amount: pages, unit: 'pages' })}\n`);
  const each = [...busy].map(([name, seconds]) => `${name} ${((seconds / pages) * 1000).toFixed(2)}`);
  process.stdout.write(`processor, ms a page at best: ${each.join(', ')}\n`);
  if (result.failed.length === 0) process.stdout.write('all left the same documents\n');
  await writeResult(`crawl-${hosts}`, result);
  server.stdin.end();
}
rmSync(scratch, { recursive: true, force: true });
