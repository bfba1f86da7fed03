// The server under what means harm: fuzzed bodies, readers who vanish, senders who never finish.
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  post,
  raw,
  type TestServer,
  testServer,
  until,
} from '../../packages/octavo/src/serving/tiny-server.test-support.js';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ contextLength: 256 });
});
afterAll(() => test[Symbol.asyncDispose]());

const message = { role: 'user', content: 'The whale' };
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    -1,
    0,
    1,
    1.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    '',
    'a',
    null,
    true,
    false,
    [],
    {},
    [[]],
    '\u0000',
    '\ud800',
    '<|end|>',
  ),
);
const mostly = <T>(good: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 24, arbitrary: good as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });
const content = mostly(
  fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant([{ type: 'text', text: 'a' }])),
);
const optional = {
  temperature: mostly(fc.double({ min: 0, max: 2, noNaN: true })),
  top_p: mostly(fc.double({ min: 0.01, max: 1, noNaN: true })),
  top_k: mostly(fc.nat(500)),
  min_p: mostly(fc.double({ min: 0, max: 1, noNaN: true })),
  repetition_penalty: mostly(fc.double({ min: 0.1, max: 10, noNaN: true })),
  frequency_penalty: mostly(fc.double({ min: -2, max: 2, noNaN: true })),
  presence_penalty: mostly(fc.double({ min: -2, max: 2, noNaN: true })),
  logit_bias: mostly(fc.dictionary(fc.nat(400).map(String), fc.integer({ min: -100, max: 100 }), { maxKeys: 4 })),
  n: mostly(fc.integer({ min: 1, max: 3 })),
  seed: mostly(fc.maxSafeInteger()),
  stop: mostly(fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 4 })),
  stream: mostly(fc.boolean()),
  stream_options: mostly(fc.constant({ include_usage: true })),
  user: mostly(fc.string({ maxLength: 9 })),
  tools: mostly(fc.constant([])),
  store: mostly(fc.constant(false)),
};
const fields = (more: Record<string, fc.Arbitrary<unknown>>, required: readonly string[]) =>
  fc.record({ ...optional, ...more }, { requiredKeys: [...required] as never[] });
const chatBody = fields(
  {
    model: mostly(fc.constant('tiny')),
    messages: mostly(
      fc.array(fc.record({ role: mostly(fc.constantFrom('user', 'assistant', 'system')), content }), {
        minLength: 1,
        maxLength: 4,
      }),
    ),
    max_tokens: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }) as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: odd },
    ),
    logprobs: mostly(fc.boolean()),
    top_logprobs: mostly(fc.nat(20)),
  },
  ['model', 'messages', 'max_tokens'],
);
const textBody = fields(
  {
    model: mostly(fc.constant('tiny')),
    prompt: mostly(
      fc.oneof(
        fc.string({ maxLength: 20 }),
        fc.array(fc.nat(330), { minLength: 1, maxLength: 5 }),
        fc.array(fc.string({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 3 }),
      ),
    ),
    max_tokens: fc.integer({ min: 1, max: 4 }),
    logprobs: mostly(fc.nat(5)),
  },
  ['model', 'prompt', 'max_tokens'],
);
const text = fc.oneof(
  { weight: 6, arbitrary: chatBody.map((body) => JSON.stringify(body)) },
  { weight: 3, arbitrary: textBody.map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: chatBody.chain((body) => fc.nat(200).map((at) => JSON.stringify(body).slice(0, at))) },
);

/** A steady greedy answer, whose words must not change whatever goes on beside it. */
const steady = async (): Promise<string> => {
  const body = { model: 'tiny', messages: [message], temperature: 0, max_tokens: 60, logit_bias: test.endless };
  const reply = await post(test.server, '/v1/chat/completions', body);
  const json = (await reply.json()) as {
    readonly choices?: readonly [{ readonly message: { readonly content: string } }];
  };
  return json.choices?.[0].message.content ?? `status ${reply.status}`;
};

describe('the server', () => {
  it('answers 5,000 fuzzed bodies without one 5xx, and without a change to a neighbour', async () => {
    const expected = await steady();
    const statuses = new Map<number, number>();
    let sent = 0;
    const one = async (body: string) => {
      const path = body.includes('"prompt"') ? '/v1/completions' : '/v1/chat/completions';
      const reply = await post(test.server, path, body);
      const said = await reply.text();
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      sent += 1;
      if (reply.status >= 500 || said.includes('"server_error"'))
        throw new Error(`${reply.status} to ${body}: ${said} ${test.faults().join()}`);
      if (reply.status !== 200)
        expect(Object.keys(JSON.parse(said).error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 10, maxLength: 10 }), async (bodies) => {
        const [beside] = await Promise.all([steady(), ...bodies.map(one)]);
        expect(beside).toBe(expected);
      }),
      { numRuns: 500, endOnFailure: true },
    );
    console.log(`fuzzed bodies: ${sent}, statuses ${JSON.stringify(Object.fromEntries(statuses))}`);
    expect(sent).toBeGreaterThanOrEqual(5_000);
    expect(statuses.get(200) ?? 0).toBeGreaterThan(200);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(200);
    expect(test.faults()).toEqual([]);
    await until(test.idle);
  }, 600_000);

  it('loses no slot to 200 clients that vanish, by FIN and by RST, reading, waiting and half-way through a request', async () => {
    await using busy = await testServer({ slots: 4, contextLength: 2048 });
    const random = (seed: number) => ((seed * 2_654_435_761) >>> 0) / 2 ** 32;
    const body = JSON.stringify({ model: 'tiny', messages: [message], stream: true, n: 2, logit_bias: busy.endless });
    const request = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (let wave = 0; wave < 20; wave++)
      await Promise.all(
        Array.from({ length: 10 }, async (_, at) => {
          const draw = random(wave * 10 + at + 1);
          const socket = connect(busy.port, '127.0.0.1');
          socket.on('error', () => undefined);
          socket.resume();
          socket.write(at % 5 === 4 ? request.slice(0, Math.floor(draw * request.length)) : request);
          await new Promise((resolve) => setTimeout(resolve, draw * 60));
          if (at % 3 === 0) socket.resetAndDestroy();
          else if (at % 3 === 1) socket.destroy();
          else socket.end();
        }),
      );
    await until(busy.idle, 10_000);
    expect(await busy.figure('octavo_slots_active')).toBe(0);
    expect(await busy.figure('octavo_choices_waiting')).toBe(0);
    expect(await busy.figure('octavo_requests_in_flight')).toBe(0);
    expect(busy.lateTokens()).toBeLessThanOrEqual(1);
    expect(busy.faults()).toEqual([]);
    const after = await post(busy.server, '/v1/chat/completions', {
      model: 'tiny',
      messages: [message],
      max_tokens: 3,
    });
    expect(after.status).toBe(200);
  }, 120_000);

  it('goes on under 300 senders who never finish headers or body, and closes them in time', async () => {
    await using slow = await testServer({ limits: { headersMs: 1_000, requestMs: 2_000, checkIntervalMs: 100 } });
    const open = new Set<Socket>();
    const sockets = Array.from({ length: 300 }, (_, at) => {
      const socket = connect(slow.port, '127.0.0.1');
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
      socket.resume();
      const body =
        'POST /v1/tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{';
      socket.write(at % 2 === 0 ? 'GET /v1/models HTTP/1.1\r\nHost: local' : body);
      return socket;
    });
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('x');
    }, 200);
    try {
      for (let at = 0; at < 20; at++) {
        const startMs = performance.now();
        expect((await fetch(`${slow.server.url}/health`)).status).toBe(200);
        expect(performance.now() - startMs).toBeLessThan(500);
      }
      expect(
        (await post(slow.server, '/v1/chat/completions', { model: 'tiny', messages: [message], max_tokens: 3 })).status,
      ).toBe(200);
      await until(() => open.size === 0, 10_000);
    } finally {
      clearInterval(drip);
    }
  }, 60_000);

  it('answers malformed HTTP with 4xx or a closed connection, and goes on', async () => {
    const host = 'Host: localhost\r\n';
    const json = 'Content-Type: application/json\r\n';
    const cases = [
      'hello\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
      `GET / HTTP/9.9\r\n${host}\r\n`,
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`,
      `GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(20_000)}\r\n\r\n`,
      `POST /v1/tokenize HTTP/1.1\r\n${host}${json}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /v1/tokenize HTTP/1.1\r\n${host}${json}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
      `POST /v1/tokenize HTTP/1.1\r\n${host}${json}Content-Length: -1\r\n\r\n`,
      `POST /v1/tokenize HTTP/1.1\r\n${host}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      `POST /v1/tokenize HTTP/1.1\r\n${host}${json}Transfer-Encoding: chunked\r\n\r\n1;${'e'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}A : b\r\n\r\n`,
      `GET / HTTP/1.1\n${host}\u0000\r\n\r\n`,
      `GET /%00 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    ];
    for (const bytes of cases) {
      const answer = await raw(test.port, bytes, { waitMs: 1_500 });
      expect(answer, bytes.slice(0, 60)).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    }
    expect((await fetch(`${test.server.url}/health`)).status).toBe(200);
    expect(test.faults()).toEqual([]);
  }, 60_000);
});
