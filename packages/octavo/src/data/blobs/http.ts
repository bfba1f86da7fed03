/** The one way of blob stores to the network: the host that the user configured, no redirect followed unseen, all sizes capped. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../core/index.js';

/** Tries of one request that a server could not answer now. */
const tries = 6;
const firstPauseMs = 200;
/** Answers other than files: listings and errors. */
const answerBytes = 32 * 1024 * 1024;
/** A connection without a byte for so long is given up. */
const silenceMs = 120_000;

/** Node's own client: unlike undici it takes the 100 Continue that datanodes send unasked. */
export interface BlobAgent extends Disposable {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** Never a host that the operator did not name: no redirect is followed, and no proxy of the environment. */
export const blobAgent = (): BlobAgent => {
  const options = { keepAlive: true, maxSockets: 8, timeout: silenceMs };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    ...agents,
    [Symbol.dispose]: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
};

export interface BlobRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
}

export interface BlobAnswer {
  readonly status: number;
  readonly header: (name: string) => string;
  /** The whole of a small answer. */
  readonly text: () => Promise<string>;
  readonly body: AsyncIterable<Uint8Array>;
}

const told = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message =
    error instanceof AggregateError ? String(error.errors[0]) : error instanceof Error ? error.message : '';
  return (code === '' ? message : code).slice(0, 120);
};

export const unreachable = (where: string, what: string, cause?: unknown) =>
  fail('BLOB_UNREACHABLE', {
    what,
    where,
    remedy: 'check the address, and that the service runs; the same command goes on where it was',
    ...(cause === undefined ? {} : { cause }),
  });

/** Errors that a second try may overcome: anything of the connection, never an abort. */
export const isTransient = (error: unknown): boolean =>
  error instanceof Error && error.name !== 'AbortError' && !('what' in error);

const busy = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

async function textOf(body: IncomingMessage, where: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    if (!(part instanceof Uint8Array)) continue;
    bytes += part.length;
    if (bytes > answerBytes) throw fail('DATA_LIMIT', { what: `an answer has more than ${answerBytes} bytes`, where });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const once = (agent: BlobAgent, request: BlobRequest, signal: AbortSignal, where: string): Promise<BlobAnswer> =>
  new Promise((done, failed) => {
    const url = new URL(request.url);
    const { method, headers, body } = request;
    const isStream = body !== undefined && !(body instanceof Uint8Array);
    const options = { method, headers, signal, timeout: silenceMs };
    const asked =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: isStream ? false : agent.https })
        : httpRequest(url, { ...options, agent: isStream ? false : agent.http });
    asked.on('error', failed);
    asked.on('timeout', () => asked.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
    asked.on('response', (answer) => {
      // A body given up is destroyed; that its connection breaks then is no news.
      answer.on('error', () => undefined);
      done({
        status: answer.statusCode ?? 0,
        header: (name) => {
          const value = answer.headers[name];
          return (Array.isArray(value) ? value[0] : value) ?? '';
        },
        text: () => textOf(answer, where),
        body: answer,
      });
    });
    if (isStream) pipeline(Readable.from(body), asked, (error) => (error === undefined ? undefined : failed(error)));
    else asked.end(body);
  });

/**
 * Sends a request that `make` builds anew for each try, since a signature has a time. Repeats it, with a pause that
 * doubles, while the server is busy or the connection fails. A body that can be given once is sent once.
 * Errors: BLOB_UNREACHABLE.
 */
export async function send(
  make: () => Promise<BlobRequest> | BlobRequest,
  {
    agent,
    signal,
    where,
    isRepeated = true,
  }: {
    readonly agent: BlobAgent;
    readonly signal: AbortSignal;
    readonly where: string;
    /** No: whoever asks knows better what to do, and gets the error as it is. */
    readonly isRepeated?: boolean;
  },
): Promise<BlobAnswer> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const request = await make();
    const last =
      !isRepeated || attempt === tries || (request.body !== undefined && !(request.body instanceof Uint8Array));
    try {
      const answer = await once(agent, request, signal, where);
      if (!busy(answer.status) || last) return answer;
      await answer.text();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      if (!isRepeated) throw error;
      if (last) throw unreachable(where, `the service does not answer: ${told(error)}`, error);
    }
    await sleep(firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
  }
}

/** Bytes of a file, opened again at the place reached when the connection breaks. Errors: BLOB_UNREACHABLE. */
export async function* resumed(
  open: (from: number) => Promise<AsyncIterable<Uint8Array>>,
  {
    from,
    bytes,
    signal,
    where,
  }: { readonly from: number; readonly bytes: number; readonly signal: AbortSignal; readonly where: string },
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = from;
  for (let failures = 0; at < bytes; ) {
    const before = at;
    let failed: unknown;
    try {
      for await (const piece of await open(at)) {
        if (at + piece.length > bytes)
          throw fail('BLOB_UNREACHABLE', {
            what: `the service sent more than the ${bytes} bytes of the file`,
            where,
            remedy: 'was the file replaced meanwhile? start the same command again',
          });
        at += piece.length;
        yield piece;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      failed = error;
    }
    if (at >= bytes) return;
    failures = at > before ? 1 : failures + 1;
    if (failures === tries)
      throw unreachable(where, `the connection broke at byte ${at} of ${bytes}: ${told(failed)}`, failed);
    await sleep(firstPauseMs * 2 ** (failures - 1), undefined, { signal });
  }
}
