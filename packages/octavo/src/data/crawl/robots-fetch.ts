/** robots.txt of an origin, by RFC 9309 §2.3: what each answer means for the crawl. */
import type { Agent } from 'undici';
import { parseUrl } from './canonical-url.js';
import { decodeBody } from './decode-body.js';
import { fetchPage, headerOf, retryAfterMs } from './fetch-page.js';
import { allowAll, allowNothing, parseRobots, type Robots, robotsBytes } from './robots.js';

export const product = 'octavo';

const unavailable = 'unavailable';
const unreachable = 'unreachable';
const mostRedirects = 5;

/** The kept answer, read: rules, or one of the two words. Rules that were known hold on while they cannot be reached (§2.4). */
export const robotsOfAnswer = (answer: string, known: Robots = allowNothing): Robots => {
  if (answer === unavailable) return allowAll;
  return answer === unreachable ? known : parseRobots(answer, product);
};

export interface RobotsAnswer {
  /** Text of the rules; `unavailable` (4xx, or more than five redirects: all is allowed) or `unreachable` (5xx, no answer: nothing is). */
  readonly answer: string;
  /** Where it may be another one later: in how many milliseconds the site asks to be asked again. */
  readonly againMs?: number;
}

/** As far as the limit goes, without the line that it cuts: half a pattern would fit more than was meant. */
const withinLimit = (bytes: Uint8Array): Uint8Array =>
  bytes.length < robotsBytes ? bytes : bytes.subarray(0, bytes.subarray(0, robotsBytes).lastIndexOf(10) + 1);

export async function fetchRobots(
  origin: string,
  {
    agent,
    userAgent,
    allowPrivate,
    seconds,
    signal,
    now,
  }: {
    readonly agent: Agent;
    readonly userAgent: string;
    readonly allowPrivate: boolean;
    readonly seconds: number;
    readonly signal: AbortSignal;
    readonly now: () => number;
  },
): Promise<RobotsAnswer> {
  let url = new URL('/robots.txt', origin);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await fetchPage({
      url,
      agent,
      allowPrivate,
      headers: { 'user-agent': userAgent, accept: 'text/plain, */*;q=0.1', 'accept-encoding': 'identity' },
      limits: { seconds, bytes: robotsBytes, cut: true },
      wanted: (status) => status >= 200 && status < 300,
      signal,
    });
    if (answer.kind !== 'answer') return { answer: unreachable, ...(answer.kind === 'failed' ? { againMs: 0 } : {}) };
    const { status, headers, body } = answer;
    if (status >= 300 && status < 400) {
      const next = parseUrl(headerOf(headers, 'location') ?? '', url.href);
      if (next === undefined) return { answer: unavailable };
      url = next;
      continue;
    }
    if (status === 429 || status >= 500) return { answer: unreachable, againMs: retryAfterMs(headers, now()) };
    if (status >= 400) return { answer: unavailable };
    const decoded = await decodeBody(body, headerOf(headers, 'content-encoding') ?? '', 8 * robotsBytes);
    if (decoded.kind !== 'bytes') return { answer: unreachable };
    return { answer: new TextDecoder().decode(withinLimit(decoded.bytes)) };
  }
  return { answer: unavailable };
}
