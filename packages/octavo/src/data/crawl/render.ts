/**
 * Pages that scripts build, by a Chromium of the user's (optional package playwright-core). The browser has no way to the
 * network: each of its requests is answered here, through the guard, within the crawl's limits.
 */
import type { Agent } from 'undici';
import { fail } from '../../core/index.js';
import { decodeBody } from './decode-body.js';
import { fetchPage, headerOf } from './fetch-page.js';
import type { CrawlOptions } from './options.js';

export interface Render {
  /** The page's HTML when it has come to rest, `undefined` where it cannot be shown. */
  readonly page: (url: string, agent: Agent, signal: AbortSignal) => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

/** Requests that one page may make. */
const mostRequests = 200;

async function chromium() {
  try {
    return (await import('playwright-core')).chromium;
  } catch (cause) {
    throw fail('DATA_SOURCE', {
      what: 'crawl.render needs playwright-core and a Chromium',
      where: 'data.sources: crawl.render',
      remedy: 'npm install playwright-core',
      cause,
    });
  }
}

export async function openRender(
  { pageBytes, pageSeconds, allowPrivate }: CrawlOptions,
  { executable, userAgent }: { readonly executable: string | undefined; readonly userAgent: string },
): Promise<Render> {
  const browser = await (await chromium()).launch({
    ...(executable === undefined ? { channel: 'chromium' } : { executablePath: executable }),
    // Whatever slips past the routes (WebSocket, WebRTC, pre-connections) finds no name, no address and no proxy.
    args: [
      '--host-resolver-rules=MAP * ~NOTFOUND',
      '--proxy-server=127.0.0.1:9',
      '--proxy-bypass-list=<-loopback>',
      '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  });
  return {
    close: () => browser.close(),
    page: async (url, agent, signal) => {
      const context = await browser.newContext({ userAgent, serviceWorkers: 'block', acceptDownloads: false });
      let requests = 0;
      try {
        await context.route('**/*', async (route) => {
          const request = route.request();
          const kind = request.resourceType();
          if (++requests > mostRequests || request.method() !== 'GET' || /image|media|font/.test(kind))
            return route.abort();
          const to = new URL(request.url());
          const answer = await fetchPage({
            url: to,
            agent,
            allowPrivate,
            headers: { 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'gzip, br' },
            limits: { seconds: pageSeconds, bytes: pageBytes },
            wanted: () => true,
            signal,
          });
          if (answer.kind !== 'answer') return route.abort();
          const body = await decodeBody(answer.body, headerOf(answer.headers, 'content-encoding') ?? '', pageBytes);
          if (body.kind !== 'bytes') return route.abort();
          const kept = answer.headers.filter(
            ([name]) => !/^(content-(encoding|length)|transfer-encoding|set-cookie)$/.test(name),
          );
          return route.fulfill({
            status: answer.status,
            headers: Object.fromEntries(kept),
            body: Buffer.from(body.bytes),
          });
        });
        const page = await context.newPage();
        await page.goto(url, { timeout: pageSeconds * 1000, waitUntil: 'networkidle' });
        return await page.content();
      } catch {
        signal.throwIfAborted();
        return undefined;
      } finally {
        await context.close();
      }
    },
  };
}
