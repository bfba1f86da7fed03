/** Addresses that wait, by host, in the order in which they were named; rebuilt from the log by the same calls. */
import { canonicalUrl } from './canonical-url.js';
import type { Done, Target } from './crawl-log.js';
import type { CrawlOptions } from './options.js';
import type { Robots } from './robots.js';
import { scopeOf } from './scope.js';

export interface Host {
  readonly name: string;
  busy: boolean;
  /** By the monotonic clock: not asked before. */
  readyMs: number;
  /** Tries of the first address. */
  attempts: number;
}

interface Queue extends Host {
  targets: Target[];
  at: number;
  fetched: number;
  readonly digests: Set<string>;
}

export interface Frontier {
  readonly ready: (nowMs: number) => Host | undefined;
  readonly nextReadyMs: () => number | undefined;
  readonly first: (host: Host) => Target | undefined;
  /** The addresses that are new, in scope and within the budget of depth. */
  readonly fresh: (
    urls: readonly string[],
    about: { readonly depth: number; readonly kind: Target['kind'] },
  ) => Target[];
  readonly redirect: (target: Target, to: string) => Target[];
  readonly finish: (done: Done) => void;
  readonly isRepeat: (host: Host, digest: string | undefined) => boolean;
  readonly learnRobots: (origin: string, robots: Robots, atMs: number) => void;
  /** With the time when they were fetched. */
  readonly robotsOf: (origin: string) => { readonly robots: Robots; readonly atMs: number } | undefined;
  /** No request to the host before its delay is over. */
  readonly pause: (host: Host, origin: string, nowMs: number) => void;
  readonly fetched: () => number;
  /** Addresses that wait, but for those that their host's budget leaves out. */
  readonly queued: () => number;
  readonly bytes: () => number;
  readonly hosts: () => number;
}

const mostRedirects = 8;
/** Addresses that wait at most, whatever the pages ask for. */
const mostWaiting = 1_000_000;

const hostOf = (url: string): string => new URL(url).hostname;

export function frontier(seeds: readonly string[], options: CrawlOptions): Frontier {
  const scope = scopeOf(seeds, options);
  const queues = new Map<string, Queue>();
  const robots = new Map<string, { readonly robots: Robots; readonly atMs: number }>();
  const seen = new Set<string>();
  let fetched = 0;
  let waitingCount = 0;
  let bytes = 0;
  const most = Math.min(mostWaiting, Math.max(10_000, 20 * options.pages));
  const queueOf = (name: string): Queue => {
    const found = queues.get(name);
    if (found !== undefined) return found;
    const queue: Queue = {
      name,
      busy: false,
      readyMs: 0,
      attempts: 0,
      targets: [],
      at: 0,
      fetched: 0,
      digests: new Set(),
    };
    queues.set(name, queue);
    return queue;
  };
  const push = (target: Target) => {
    seen.add(target.url);
    waitingCount++;
    if (target.root === true) scope.addRoot(target.url);
    queueOf(hostOf(target.url)).targets.push(target);
  };
  const isFull = (queue: Queue): boolean => queue.fetched >= options.pagesPerHost;
  const first = (queue: Queue): Target | undefined => (isFull(queue) ? undefined : queue.targets[queue.at]);
  const sitemapsOf = (origin: string): Target[] =>
    options.sitemaps
      ? (robots.get(origin)?.robots.sitemaps ?? []).flatMap((href) => {
          const url = canonicalUrl(href, origin);
          // A sitemap may lie elsewhere, such as on a host of files: what it names is still held to the scope.
          return url === undefined || seen.has(url) ? [] : [{ url, depth: 0, kind: 'sitemap' as const, redirects: 0 }];
        })
      : [];
  for (const url of seeds) if (!seen.has(url)) push({ url, depth: 0, kind: 'page', redirects: 0 });
  return {
    ready: (nowMs) => {
      for (const queue of queues.values())
        if (!queue.busy && queue.readyMs <= nowMs && first(queue) !== undefined) return queue;
      return undefined;
    },
    nextReadyMs: () => {
      let next: number | undefined;
      for (const queue of queues.values())
        if (!queue.busy && first(queue) !== undefined) next = Math.min(next ?? queue.readyMs, queue.readyMs);
      return next;
    },
    first: (host) => first(queueOf(host.name)),
    fresh: (urls, { depth, kind }) => {
      if (kind === 'page' && depth > options.depth) return [];
      const added: Target[] = [];
      for (const url of new Set(urls)) {
        if (seen.has(url) || waitingCount + added.length >= most) continue;
        if (kind === 'page' && !scope.contains(url)) continue;
        added.push({ url, depth, kind, redirects: 0 });
      }
      return added;
    },
    redirect: ({ url, depth, kind, redirects }, to) => {
      if (seen.has(to) || redirects >= mostRedirects) return [];
      const isRoot = seeds.includes(url) || (depth === 0 && redirects > 0);
      if (kind === 'page' && !isRoot && !scope.contains(to)) return [];
      return [{ url: to, depth, kind, redirects: redirects + 1, ...(isRoot && kind === 'page' ? { root: true } : {}) }];
    },
    finish: (done) => {
      const queue = queueOf(hostOf(done.url));
      queue.at++;
      queue.attempts = 0;
      waitingCount--;
      bytes += done.bytes;
      if (done.outcome !== 'robots') {
        queue.fetched++;
        fetched++;
      }
      if (done.digest !== undefined) queue.digests.add(done.digest);
      if (queue.at > 1024 && queue.at * 2 > queue.targets.length) {
        queue.targets = queue.targets.slice(queue.at);
        queue.at = 0;
      }
      // Two hosts may name one address at a time: the first to be written down has it.
      for (const target of done.added) if (!seen.has(target.url)) push(target);
    },
    isRepeat: (host, digest) => digest !== undefined && queueOf(host.name).digests.has(digest),
    learnRobots: (origin, learned, atMs) => {
      robots.set(origin, { robots: learned, atMs });
      for (const target of sitemapsOf(origin)) push(target);
    },
    robotsOf: (origin) => robots.get(origin),
    pause: (host, origin, nowMs) => {
      const seconds = Math.max(options.delaySeconds, robots.get(origin)?.robots.crawlDelaySeconds ?? 0);
      host.readyMs = Math.max(host.readyMs, nowMs + seconds * 1000);
    },
    fetched: () => fetched,
    queued: () => {
      let count = 0;
      for (const { targets, at, fetched } of queues.values())
        count += Math.min(targets.length - at, Math.max(0, options.pagesPerHost - fetched));
      return count;
    },
    bytes: () => bytes,
    hosts: () => queues.size,
  };
}
