/** robots.txt of an origin, by RFC 9309 §2.3: what each answer means for the crawl. */
import type { Agent } from 'undici';
import { parseUrl } from './canonical-url.js';
import { decodeBody } from './decode-body.js';
import { fetchPage, headerOf } from './fetch-page.js';
import { allowAll, allowNothing, parseRobots, type Robots, robotsBytes } from './robots.js';

export const product = 'octavo';

const unavailable = 'unavailable';
const unreachable = 'unreachable';
const mostRedirects = 5;

/** The kept answer, read: rules, or one of the two words. */
export const robotsOfAnswer = (answer: string): Robots => {
  if (answer === unavailable) return allowAll;
  return answer === unreachable ? allowNothing : parseRobots(answer, product);
};

/** Text of the rules; `unavailable` (4xx, or more than five redirects: all is allowed) or `unreachable` (5xx, no answer: nothing is). */
export async function fetchRobots(
  origin: string,
  {
    agent,
    userAgent,
    allowPrivate,
    seconds,
    signal,
  }: {
    readonly agent: Agent;
    readonly userAgent: string;
    readonly allowPrivate: boolean;
    readonly seconds: number;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  let url = new URL('/robots.txt', origin);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await fetchPage({
      url,
      agent,
      allowPrivate,
      headers: { 'user-agent': userAgent, accept: 'text/plain, */*;q=0.1', 'accept-encoding': 'gzip, br' },
      limits: { seconds, bytes: robotsBytes, cut: true },
      wanted: (status) => status >= 200 && status < 300,
      signal,
    });
    if (answer.kind !== 'answer') return unreachable;
    const { status, headers, body } = answer;
    if (status >= 300 && status < 400) {
      const next = parseUrl(headerOf(headers, 'location') ?? '', url.href);
      if (next === undefined) return unavailable;
      url = next;
      continue;
    }
    if (status === 429 || status >= 500) return unreachable;
    if (status >= 400) return unavailable;
    const decoded = await decodeBody(body, headerOf(headers, 'content-encoding') ?? '', 8 * robotsBytes);
    if (decoded.kind !== 'bytes') return unreachable;
    return new TextDecoder().decode(decoded.bytes.subarray(0, robotsBytes));
  }
  return unavailable;
}
