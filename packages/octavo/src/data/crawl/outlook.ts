/** What the line of progress says of a crawl: how many pages it will come to, so that readers can tell the time left. */
import type { CrawlOptions } from './options.js';

export interface Outlook {
  readonly pages: number;
  /** Pages at the end, as things stand: what waits, as far as the budget goes. */
  readonly total: number;
  readonly note: string;
}

export interface CrawlState {
  readonly pages: number;
  readonly queued: number;
  readonly bytes: number;
  readonly hosts: number;
  /** Taken so far, all starts together. */
  readonly seconds: number;
}

export function outlook(
  { pages, queued, bytes, hosts, seconds }: CrawlState,
  budget: Pick<CrawlOptions, 'pages' | 'megabytes' | 'minutes'>,
): Outlook {
  const rate = seconds > 0 ? pages / seconds : 0;
  const meanBytes = pages > 0 ? bytes / pages : 0;
  const left = [
    { by: '', pages: queued },
    { by: 'pages', pages: budget.pages - pages },
    ...(rate > 0 ? [{ by: 'minutes', pages: rate * (budget.minutes * 60 - seconds) }] : []),
    ...(meanBytes > 0 ? [{ by: 'megabytes', pages: (budget.megabytes * 1024 ** 2 - bytes) / meanBytes }] : []),
  ].reduce((least, one) => (one.pages < least.pages ? one : least));
  return {
    pages,
    total: pages + Math.max(0, Math.round(left.pages)),
    note: [
      `${queued} queued`,
      `${rate.toFixed(1)} pages/s`,
      `${(bytes / 1024 ** 2).toFixed(1)} MiB`,
      `${hosts} ${hosts === 1 ? 'host' : 'hosts'}`,
      ...(left.by === '' ? [] : [`ends by ${left.by}`]),
    ].join(', '),
  };
}
