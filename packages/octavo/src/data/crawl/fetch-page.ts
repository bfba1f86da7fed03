/** One request, one answer, within limits of time, size and rate. Redirects are not followed here: each is judged anew. */
import { type Agent, errors } from 'undici';
import { RefusedAddress, refusedUrl } from './guard.js';

export interface FetchLimits {
  readonly seconds: number;
  readonly bytes: number;
  /** Keep what fits of a larger answer, instead of leaving it out. */
  readonly cut?: boolean;
}

/** Slower than this after the grace time, an answer is given up. */
const floorBytesPerSecond = 128;
const graceMs = 8000;

export type Fetched =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly reason: string;
      readonly headers: readonly (readonly [string, string])[];
      /** As it came, content encodings and all; empty where `wanted` declined it. */
      readonly body: Uint8Array;
      readonly declined: boolean;
    }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'too-large' | 'too-slow' }
  | { readonly kind: 'failed'; readonly detail: string };

export const headerOf = (headers: readonly (readonly [string, string])[], wanted: string): string | undefined =>
  headers.find(([name]) => name === wanted)?.[1];

/** How long a site asks to be left alone: seconds or a date (RFC 9110 §10.2.3), 0 where it says nothing. */
export function retryAfterMs(headers: readonly (readonly [string, string])[], nowMs: number): number {
  const value = headerOf(headers, 'retry-after')?.trim() ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Math.max(0, ms || 0);
}

export interface PageRequest {
  readonly url: URL;
  readonly agent: Agent;
  readonly allowPrivate: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: FetchLimits;
  /** Whether the body of an answer with these headers is worth reading. */
  readonly wanted: (status: number, headers: readonly (readonly [string, string])[]) => boolean;
  readonly signal: AbortSignal;
}

const namesOf = (
  raw: Readonly<Record<string, string | string[] | undefined>>,
): readonly (readonly [string, string])[] =>
  Object.entries(raw).flatMap(([name, value]) =>
    value === undefined ? [] : (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, one]),
  );

function failure(error: unknown, timedOut: boolean): Fetched {
  if (timedOut) return { kind: 'too-slow' };
  const causes = error instanceof AggregateError ? error.errors : [error];
  const refused = causes.find((one) => one instanceof RefusedAddress);
  if (refused instanceof RefusedAddress) return { kind: 'refused', detail: refused.message };
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return { kind: 'too-slow' };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { kind: 'failed', detail: (code === '' && error instanceof Error ? error.message : code).slice(0, 120) };
}

export async function fetchPage({
  url,
  agent,
  allowPrivate,
  headers,
  limits,
  wanted,
  signal,
}: PageRequest): Promise<Fetched> {
  const why = refusedUrl(url, { allowPrivate });
  if (why !== undefined) return { kind: 'refused', detail: why };
  const own = new AbortController();
  const stop = () => own.abort();
  const timer = setTimeout(stop, limits.seconds * 1000);
  signal.addEventListener('abort', stop, { once: true });
  const begun = performance.now();
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers,
      signal: own.signal,
      headersTimeout: limits.seconds * 1000,
      bodyTimeout: limits.seconds * 1000,
    });
    const { statusCode: status, body } = answer;
    // A body given up is destroyed; that its connection breaks then is no news.
    body.on('error', () => undefined);
    const seen = namesOf(answer.headers);
    const common = { kind: 'answer', status, reason: '', headers: seen } as const;
    if (!wanted(status, seen)) {
      body.destroy();
      return { ...common, body: new Uint8Array(), declined: true };
    }
    if (limits.cut !== true && Number(headerOf(seen, 'content-length') ?? 0) > limits.bytes) {
      body.destroy();
      return { kind: 'too-large' };
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of body) {
      if (!(part instanceof Uint8Array)) continue;
      bytes += part.length;
      parts.push(part);
      if (bytes > limits.bytes) {
        if (limits.cut !== true) return { kind: 'too-large' };
        return { ...common, body: Buffer.concat(parts).subarray(0, limits.bytes), declined: false };
      }
      const elapsedMs = performance.now() - begun;
      if (elapsedMs > graceMs && bytes < (floorBytesPerSecond * elapsedMs) / 1000) return { kind: 'too-slow' };
    }
    return { ...common, body: Buffer.concat(parts), declined: false };
  } catch (error) {
    signal.throwIfAborted();
    return failure(error, own.signal.aborted);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
