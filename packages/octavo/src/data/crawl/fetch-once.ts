/** One address of the web that the user named, fetched through the guard and kept: a second start reads the copy. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fail, writeFileAtomic } from '../../core/index.js';
import { parseUrl } from './canonical-url.js';
import { userAgentOf } from './crawl.js';
import { decodeBody, decodeCharacters } from './decode-body.js';
import { fetchPage, headerOf, retryAfterMs } from './fetch-page.js';
import { guardedAgent, guardedUrl } from './guard.js';

export const webOptions = z.strictObject({
  contact: z
    .string()
    .max(200)
    .regex(/^[\x21-\x7e]*$/)
    .default('')
    .describe('Your e-mail or page, told to the site in the User-Agent.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Allow addresses of this machine and its network, and any port: for a site of your own.'),
});
export type WebOptions = z.infer<typeof webOptions>;

const Kept = z.object({ text: z.string(), at: z.string(), link: z.string() });
export type Kept = z.infer<typeof Kept>;

const mostBytes = 64 * 1024 ** 2;
const mostRedirects = 5;
const mostWaits = 5;
const longestWaitMs = 15 * 60_000;

const failed = (href: string, what: string) =>
  fail('DATA_SOURCE', {
    what: `could not be fetched: ${what}`,
    where: href,
    remedy: 'look at the address in a browser; what was fetched before is kept',
  });

/** A pause between two requests to one site; ends with an error when the signal does. */
export const politely = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });

/** The text at an address with its Link header, from the copy where there is one. Waits where the site says 429. Errors: DATA_ADDRESS_REFUSED, DATA_SOURCE. */
export async function fetchOnce(
  href: string,
  options: WebOptions,
  { folder, now, signal }: { readonly folder: string; readonly now: () => number; readonly signal: AbortSignal },
): Promise<Kept & { readonly wasKept: boolean }> {
  const path = join(folder, `${createHash('sha256').update(href).digest('hex').slice(0, 32)}.json`);
  try {
    return { ...Kept.parse(JSON.parse(readFileSync(path, 'utf8'))), wasKept: true };
  } catch {
    // Not fetched yet.
  }
  const agent = guardedAgent({ allowPrivate: options.allowPrivate });
  try {
    let url = guardedUrl(href, options);
    let waits = 0;
    for (let redirects = 0; redirects <= mostRedirects; ) {
      const answer = await fetchPage({
        url,
        agent,
        allowPrivate: options.allowPrivate,
        headers: { 'user-agent': userAgentOf(options.contact), accept: '*/*', 'accept-encoding': 'gzip, br' },
        limits: { seconds: 60, bytes: mostBytes },
        wanted: (status) => status === 200,
        signal,
      });
      if (answer.kind !== 'answer') throw failed(url.href, 'detail' in answer ? answer.detail : answer.kind);
      const { status, headers, body } = answer;
      const location = headerOf(headers, 'location');
      if (status >= 300 && status < 400 && location !== undefined) {
        const next = parseUrl(location, url.href);
        if (next === undefined) throw failed(url.href, 'it redirects to no address');
        url = guardedUrl(next.href, options);
        redirects++;
        continue;
      }
      if ((status === 429 || status === 503) && waits < mostWaits) {
        const asked = headerOf(headers, 'retry-after') === undefined ? 2 ** waits * 1000 : retryAfterMs(headers, now());
        const reset = Date.parse(headerOf(headers, 'x-ratelimit-reset') ?? '') - now();
        await politely(Math.min(longestWaitMs, Math.max(asked, reset || 0)), signal);
        waits++;
        continue;
      }
      if (status !== 200) throw failed(url.href, `it answers ${status}`);
      const decoded = await decodeBody(body, headerOf(headers, 'content-encoding') ?? '', mostBytes);
      if (decoded.kind !== 'bytes') throw failed(url.href, decoded.kind);
      const kept: Kept = {
        text: decodeCharacters(decoded.bytes, headerOf(headers, 'content-type') ?? ''),
        at: new Date(now()).toISOString(),
        link: headerOf(headers, 'link') ?? '',
      };
      mkdirSync(folder, { recursive: true });
      writeFileAtomic(path, JSON.stringify(kept));
      return { ...kept, wasKept: false };
    }
    throw failed(href, 'it redirects without end');
  } finally {
    await agent.destroy();
  }
}
