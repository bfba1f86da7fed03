/** A real server on a free port, with a tiny real model. For tests only. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { systemClock } from '../core/index.js';
import type { GenerationEvent, Generator } from '../generation/index.js';
import { tinyGenerator, tinyTokenizer } from '../generation/tiny-generator.test-support.js';
import { endOfText, endOfTurn } from '../text/index.js';
import type { LogEntry } from './app.js';
import { type ServeOptions, type Server, serve } from './serve.js';
import type { ServedModel } from './served-model.js';

/** Tokens that the model still wrote after its request was cancelled, over all requests. */
export interface Watched {
  readonly generator: Generator;
  readonly latest: () => number;
}

const watch = (generator: Generator): Watched => {
  let most = 0;
  return {
    latest: () => most,
    generator: {
      ...generator,
      generate: async function* (request, signal): AsyncIterable<GenerationEvent> {
        let late = 0;
        for await (const event of generator.generate(request, signal)) {
          if (signal.aborted && event.kind === 'token') most = Math.max(most, ++late);
          yield event;
        }
      },
    },
  };
};

export interface TestServer extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  readonly model: ServedModel;
  /** What the operator was told. */
  readonly entries: readonly LogEntry[];
  readonly faults: () => readonly string[];
  /** No slot is in use. */
  readonly idle: () => boolean;
  /** A figure of /metrics. */
  readonly figure: (name: string) => Promise<number>;
  /** Most tokens that one request got after it was cancelled. */
  readonly lateTokens: () => number;
  /** A bias against every token that ends an answer: with it an answer fills the context. */
  readonly endless: Readonly<Record<string, number>>;
}

export const testServer = async (
  options: Partial<ServeOptions> & {
    readonly slots?: number;
    readonly contextLength?: number;
    readonly alter?: (generator: Generator) => Generator;
  } = {},
): Promise<TestServer> => {
  const { slots = 4, contextLength = 2048, alter = (generator) => generator, ...rest } = options;
  const tokenizer = await tinyTokenizer();
  const watched = watch(tinyGenerator(tokenizer, { slots, contextLength }));
  const model: ServedModel = { created: 1_700_000_000, generator: alter(watched.generator), tokenizer };
  const entries: LogEntry[] = [];
  const server = await serve({
    models: new Map([['tiny', model]]),
    port: 0,
    clock: systemClock,
    random: randomBytes,
    log: (entry) => entries.push(entry),
    ...rest,
  });
  const ends = [endOfText, endOfTurn, '<|user|>', '<|assistant|>', '<|system|>'].map((content) =>
    tokenizer.idOfSpecial(content),
  );
  return {
    server,
    port: Number(new URL(server.url).port),
    model,
    entries,
    faults: () => entries.flatMap((entry) => (entry.event === 'failure' ? [entry.error] : [])),
    idle: () => watched.generator.load().active === 0 && watched.generator.load().waiting === 0,
    figure: async (name) => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    },
    lateTokens: watched.latest,
    endless: Object.fromEntries(ends.map((id) => [String(id), -100])),
    [Symbol.asyncDispose]: async () => {
      await server.drain(0);
      await watched.generator.close();
    },
  };
};

export const post = (
  server: Server,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Sends bytes as they are and gives what came back until the server closed, or until so much time has passed. */
export const raw = (
  port: number,
  bytes: string,
  { waitMs = 5_000 }: { readonly waitMs?: number } = {},
): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const timer = setTimeout(() => socket.destroy(), waitMs);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.write(bytes);
  });

/** Waits until something holds. */
export const until = async (holds: () => boolean, waitMs = 5_000): Promise<void> => {
  const endMs = performance.now() + waitMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};
