/** A server on a free port over a tiny real model, and what tests do to it. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../../packages/octavo/src/core/index.js';
import type { GenerationEvent, Generator } from '../../../packages/octavo/src/generation/index.js';
import { tinyGenerator, tinyTokenizer } from '../../../packages/octavo/src/generation/tiny-generator.test-support.js';
import { type AppOptions, type LogEntry, type Server, serve } from '../../../packages/octavo/src/serving/index.js';

export const modelName = 'tiny';

/** A model, and how many tokens it still wrote for a request after that was cancelled. */
export interface WatchedModel {
  readonly generator: Generator;
  readonly tokenizer: Awaited<ReturnType<typeof tinyTokenizer>>;
  readonly created: number;
  readonly mostLateTokens: () => number;
}

export const tinyModel = async (size: {
  readonly slots: number;
  readonly contextLength: number;
}): Promise<WatchedModel> => {
  const tokenizer = await tinyTokenizer();
  const inner = tinyGenerator(tokenizer, size);
  let most = 0;
  const generator: Generator = {
    ...inner,
    generate: async function* (request, signal): AsyncIterable<GenerationEvent> {
      let late = 0;
      for await (const event of inner.generate(request, signal)) {
        if (signal.aborted && event.kind === 'token') most = Math.max(most, ++late);
        yield event;
      }
    },
  };
  return { generator, tokenizer, created: 1_700_000_000, mostLateTokens: () => most };
};

export interface Started {
  readonly server: Server;
  readonly port: number;
  readonly log: readonly LogEntry[];
}

export const start = async (model: WatchedModel, options: Partial<AppOptions> = {}): Promise<Started> => {
  const log: LogEntry[] = [];
  const server = await serve({
    models: new Map([[modelName, model]]),
    port: 0,
    clock: systemClock,
    random: randomBytes,
    log: (entry) => log.push(entry),
    ...options,
  });
  return { server, port: Number(new URL(server.url).port), log };
};

/** Biases against every token that ends an answer, so that it fills the room it is given. */
export const endless = ({ tokenizer }: WatchedModel): Readonly<Record<string, number>> =>
  Object.fromEntries(tokenizer.specialTokens.map(({ id }) => [String(id), -100]));

export const chatBody = (fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    model: modelName,
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
    ...fields,
  });

/** A chat request as bytes. */
export const httpRequest = (body: string, headers: Readonly<Record<string, string>> = {}): string =>
  [
    'POST /v1/chat/completions HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n');

export const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until something holds; false if it did not in time. */
export const becomes = async (holds: () => boolean, withinMs: number): Promise<boolean> => {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) return false;
    await pause(2);
  }
  return true;
};

/** The sum of a metric over its labels. */
export const metric = async ({ server }: Started, name: string): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
};
