/** A crawl: politely, within its budget, and so that one that was killed goes on where it was. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../core/index.js';
import { canonicalUrl } from './canonical-url.js';
import { type CrawlLog, type Done, type Entry, openCrawlLog, readLog, type Target } from './crawl-log.js';
import { fetchPage, headerOf, retryAfterMs } from './fetch-page.js';
import { type Frontier, frontier, type Host } from './frontier.js';
import { type Address, guardedAgent, guardedUrl } from './guard.js';
import type { CrawlOptions } from './options.js';
import { type Outlook, outlook } from './outlook.js';
import { type Finished, readAnswer, sitemapBytes } from './read-answer.js';
import type { Render } from './render.js';
import { fetchRobots, robotsOfAnswer } from './robots-fetch.js';
import { warcMember } from './warc-record.js';

export interface CrawlEffects {
  /** Where pages and the log are kept. */
  readonly folder: string;
  /** Milliseconds since the epoch: the dates of pages. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly tell?: (outlook: Outlook) => void;
  readonly resolve?: (name: string) => Promise<readonly Address[]>;
  readonly render?: Render;
}

export interface Crawled {
  /** Generation of pages below the folder, with its log. */
  readonly generation: string;
  readonly why: string;
}

const retries = 2;
const longestRetryAfterMs = 120_000;

export const userAgentOf = (contact: string): string =>
  `octavo/0.1 (${contact === '' ? 'a site of its own user' : `+${contact}`})`;

const generationName = (number: number): string => String(number).padStart(4, '0');

async function lastGeneration(folder: string) {
  let number = 0;
  try {
    for (const name of readdirSync(folder)) if (/^\d{4}$/.test(name)) number = Math.max(number, Number(name));
  } catch {
    // The first crawl makes the folder.
  }
  let why: string | undefined;
  if (number > 0)
    for await (const { entry } of readLog(`${folder}/${generationName(number)}/log.jsonl`))
      if (entry.kind === 'end') why = entry.why;
  return { number, why };
}

/** What the crawl before knew of each page, to ask whether it changed. */
async function knownPages(folder: string, number: number): Promise<ReadonlyMap<string, Done>> {
  const known = new Map<string, Done>();
  if (number === 0) return known;
  for await (const { entry } of readLog(`${folder}/${generationName(number)}/log.jsonl`))
    if (entry.kind === 'done' && entry.file !== undefined && (entry.etag ?? entry.modified) !== undefined)
      known.set(entry.url, entry);
  return known;
}

/** Fetches what is not there yet. Errors: DATA_ADDRESS_REFUSED, DATA_SOURCE without a contact, FILE_NOT_WRITTEN. */
export async function crawl(seeds: readonly string[], options: CrawlOptions, effects: CrawlEffects): Promise<Crawled> {
  const { folder, now } = effects;
  const roots = seeds.map((seed) => canonicalUrl(guardedUrl(seed, options).href) ?? seed);
  if (options.contact === '' && !options.allowPrivate)
    throw fail('DATA_SOURCE', {
      what: 'a crawler has to say whom a site can write to',
      where: 'data.sources: crawl.contact',
      remedy: 'set contact to your e-mail address or a page about you; sites of your own need allowPrivate instead',
    });
  const last = await lastGeneration(folder);
  if (last.why !== undefined && options.recrawl === 'never')
    return { generation: generationName(last.number), why: last.why };
  const number = last.why === undefined ? Math.max(1, last.number) : last.number + 1;
  const known = await knownPages(folder, number - 1);
  const waiting = frontier(roots, options);
  const agent = guardedAgent({
    allowPrivate: options.allowPrivate,
    ...(effects.resolve === undefined ? {} : { resolve: effects.resolve }),
  });
  const userAgent = userAgentOf(options.contact);
  const at = () => `${new Date(now()).toISOString().slice(0, 19)}Z`;
  const header = () =>
    warcMember({
      type: 'warcinfo',
      date: at(),
      contentType: 'application/warc-fields',
      block: Buffer.from(`software: ${userAgent}\r\nformat: WARC File Format 1.1\r\nrobots: obey\r\n`),
    });
  let spentMs = 0;
  const replay = (entry: Entry) => {
    if (entry.kind === 'robots') learn(waiting, entry);
    if (entry.kind === 'done') waiting.finish(entry);
    if (entry.kind !== 'end') spentMs = entry.spentMs;
  };
  const generation = generationName(number);
  const log = await openCrawlLog(folder, generation, { replay, header });
  const begunMs = performance.now() - spentMs;
  const run = { ...effects, options, agent, userAgent, waiting, log, known, at, begunMs };
  try {
    const why = await fetchAll(run);
    log.append({ kind: 'end', why });
    return { generation, why };
  } finally {
    log.close();
    await agent.destroy();
    await effects.render?.close();
  }
}

interface Run extends CrawlEffects {
  readonly options: CrawlOptions;
  readonly agent: ReturnType<typeof guardedAgent>;
  readonly userAgent: string;
  readonly waiting: Frontier;
  readonly log: CrawlLog;
  readonly known: ReadonlyMap<string, Done>;
  readonly at: () => string;
  /** When it would have begun, had it never been stopped. */
  readonly begunMs: number;
}

/** Rules are not relied on for longer (RFC 9309 §2.4). */
const robotsMs = 24 * 3_600_000;

function learn(waiting: Frontier, { origin, answer, at }: Extract<Entry, { kind: 'robots' }>): void {
  waiting.learnRobots(origin, robotsOfAnswer(answer, waiting.robotsOf(origin)?.robots), Date.parse(at));
}

/** Puts the first address of a host off, where another try may help. */
function triesAgain({ options }: Run, host: Host, askedMs: number): boolean {
  if (host.attempts >= retries || askedMs > longestRetryAfterMs) return false;
  host.attempts++;
  const waitMs = Math.max(askedMs, options.delaySeconds * 1000 * 2 ** host.attempts);
  host.readyMs = Math.max(host.readyMs, performance.now() + waitMs);
  return true;
}

/** What has run out, if anything. */
function spent({ options, waiting, begunMs }: Run): string | undefined {
  if (waiting.fetched() >= options.pages) return 'pages';
  if (waiting.bytes() >= options.megabytes * 1024 ** 2) return 'megabytes';
  return performance.now() - begunMs >= options.minutes * 60_000 ? 'minutes' : undefined;
}

async function fetchAll(run: Run): Promise<string> {
  const { waiting, options, signal, tell, begunMs } = run;
  const active = new Set<Promise<void>>();
  let failed: unknown;
  try {
    for (;;) {
      signal.throwIfAborted();
      if (failed !== undefined) throw failed;
      const nowMs = performance.now();
      const why = spent(run);
      while (why === undefined && active.size < options.hosts && waiting.fetched() + active.size < options.pages) {
        const host = waiting.ready(nowMs);
        if (host === undefined) break;
        host.busy = true;
        const task: Promise<void> = serve(run, host)
          .catch((error: unknown) => {
            failed = error;
          })
          .finally(() => {
            host.busy = false;
            active.delete(task);
          });
        active.add(task);
      }
      const nextMs = waiting.nextReadyMs();
      if (active.size === 0 && why !== undefined) return why;
      if (active.size === 0 && nextMs === undefined) return 'all';
      const seconds = (nowMs - begunMs) / 1000;
      const [pages, queued, bytes, hosts] = [waiting.fetched(), waiting.queued(), waiting.bytes(), waiting.hosts()];
      tell?.(outlook({ pages, queued, bytes, hosts, seconds }, options));
      const woken = new AbortController();
      const leftMs = options.minutes * 60_000 - (nowMs - begunMs);
      const pauseMs = Math.max(1, Math.min(nextMs === undefined ? 1000 : nextMs - nowMs, leftMs, 1000));
      const pause =
        active.size >= options.hosts || nextMs === undefined
          ? []
          : [sleep(pauseMs, undefined, { signal: woken.signal })];
      await Promise.race([...active, ...pause.map((one) => one.catch(() => undefined))]);
      woken.abort();
    }
  } finally {
    await Promise.allSettled(active);
  }
}

/** One address of a host, from robots.txt to the line in the log. */
async function serve(run: Run, host: Host): Promise<void> {
  const { options, waiting, log, at, agent, userAgent, signal, now } = run;
  const target = waiting.first(host);
  if (target === undefined) return;
  const url = new URL(target.url);
  const spentMs = () => Math.round(performance.now() - run.begunMs);
  const finish = (done: Finished) => {
    const entry: Done = { kind: 'done', url: target.url, at: at(), spentMs: spentMs(), ...done };
    log.append(entry);
    waiting.finish(entry);
  };
  const known = waiting.robotsOf(url.origin);
  if (known === undefined || now() - known.atMs > robotsMs) {
    const { answer, againMs } = await fetchRobots(url.origin, {
      agent,
      userAgent,
      allowPrivate: options.allowPrivate,
      seconds: options.pageSeconds,
      signal,
      now,
    });
    if (againMs === undefined || !triesAgain(run, host, againMs)) {
      const entry = { kind: 'robots', origin: url.origin, answer, at: at(), spentMs: spentMs() } as const;
      log.append(entry);
      learn(waiting, entry);
      host.attempts = 0;
    }
    waiting.pause(host, url.origin, performance.now());
    return;
  }
  if (known.robots.allows(`${url.pathname}${url.search}`) !== true)
    return finish({ outcome: 'robots', bytes: 0, added: [] });
  const before = run.known.get(target.url);
  const fetched = await fetchPage({
    url,
    agent,
    allowPrivate: options.allowPrivate,
    headers: {
      'user-agent': userAgent,
      accept:
        target.kind === 'page'
          ? 'text/html, application/xhtml+xml, text/plain;q=0.5'
          : 'application/xml, text/plain, */*;q=0.1',
      'accept-encoding': 'gzip, deflate, br',
      ...(before?.etag === undefined ? {} : { 'if-none-match': before.etag }),
      ...(before?.modified === undefined ? {} : { 'if-modified-since': before.modified }),
    },
    limits: { seconds: options.pageSeconds, bytes: target.kind === 'sitemap' ? sitemapBytes : options.pageBytes },
    wanted: (status, headers) =>
      status === 200 &&
      (target.kind === 'sitemap' ||
        /^\s*(text\/(html|plain)|application\/xhtml\+xml)\b/i.test(headerOf(headers, 'content-type') ?? 'text/html')),
    signal,
  });
  waiting.pause(host, url.origin, performance.now());
  const isAnswer = fetched.kind === 'answer';
  const mayPass = fetched.kind === 'failed' || (isAnswer && (fetched.status === 429 || fetched.status >= 500));
  if (mayPass && triesAgain(run, host, isAnswer ? retryAfterMs(fetched.headers, now()) : 0)) return;
  if (!isAnswer)
    return finish({
      outcome: fetched.kind,
      bytes: 0,
      added: [],
      ...('detail' in fetched ? { detail: fetched.detail } : {}),
    });
  finish(await readAnswer({ run, host, target, before, answer: fetched }));
}

export type { Host, Run, Target };
