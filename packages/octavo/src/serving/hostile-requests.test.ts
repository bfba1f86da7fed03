import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, raw, type TestServer, testServer, until } from './tiny-server.test-support.js';

let test: TestServer;
beforeAll(async () => {
  test = await testServer();
});
afterAll(() => test[Symbol.asyncDispose]());

const messages = [{ role: 'user', content: 'The whale' }];
const ask = { model: 'tiny', messages };
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

describe('a request that is not right', () => {
  it.each([
    ['malformed JSON', 400, 'invalid_json', '{"model":'],
    ['no JSON at all', 400, 'invalid_json', 'hello'],
    ['another type than an object', 400, 'invalid_value', '[]'],
    ['no messages', 400, 'invalid_value', { model: 'tiny', messages: [] }],
    ['an unknown role', 400, 'invalid_value', { model: 'tiny', messages: [{ role: 'tool', content: 'x' }] }],
    [
      'an unknown field within',
      400,
      'unknown_parameter',
      { model: 'tiny', messages: [{ role: 'user', content: 'x', name: 'a' }] },
    ],
    [
      '__proto__',
      400,
      'invalid_json',
      '{"model":"tiny","messages":[{"role":"user","content":"x"}],"__proto__":{"n":2}}',
    ],
    ['a negative n', 400, 'invalid_value', { ...ask, n: -1 }],
    [
      'a huge number',
      400,
      'invalid_value',
      `{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":1e999}`,
    ],
    ['a fraction of a token', 400, 'invalid_value', { ...ask, max_tokens: 1.5 }],
    ['five stop strings', 400, 'invalid_value', { ...ask, stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['an empty stop string', 400, 'invalid_value', { ...ask, stop: '' }],
    ['a bias on a token that is none', 400, 'invalid_value', { ...ask, logit_bias: { '999999': 1 } }],
    ['top_logprobs alone', 400, 'invalid_value', { ...ask, top_logprobs: 3 }],
    [
      'more than 1 MiB',
      413,
      'body_too_large',
      { ...ask, messages: [{ role: 'user', content: 'a'.repeat(1024 * 1024) }] },
    ],
  ])('%s is %i %s', async (_, status, code, body) => {
    const response = await post(test.server, '/v1/chat/completions', body);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    const { error } = (await response.json()) as { readonly error: Readonly<Record<string, unknown>> };
    expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
    expect(error).toMatchObject({ code, type: 'invalid_request_error' });
  });

  it('names the method, the type and the path that are wrong', async () => {
    const wrong = await fetch(`${test.server.url}/v1/chat/completions`);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${test.server.url}/v1/models`, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(`${test.server.url}/nothing`)).status).toBe(404);
    expect((await post(test.server, '/v1/chat/completions', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await fetch(`${test.server.url}/v1/models/%E0%A4%A`)).status).toBe(400);
  });

  it('never gets a word of a fault inside', async () => {
    const secret = '/home/somebody/model at 0x7ffe1234';
    await using broken = await testServer({
      alter: (generator) => ({
        ...generator,
        // biome-ignore lint/correctness/useYield: it fails before the first token
        generate: async function* () {
          throw new Error(secret);
        },
      }),
    });
    for (const stream of [false, true]) {
      const response = await post(broken.server, '/v1/chat/completions', { ...ask, stream });
      expect(response.status).toBe(stream ? 200 : 500);
      const text = await response.text();
      expect(text).toContain('internal_error');
      expect(text).not.toContain('somebody');
      expect(text).not.toContain('[DONE]');
    }
    expect(broken.faults().join()).toContain(secret);
  });
});

describe('the Host and Origin headers', () => {
  const request = (method: string, headers: readonly string[]) =>
    `${method} /v1/${method === 'GET' ? 'models' : 'tokenize'} HTTP/1.1\r\n${headers.join('\r\n')}\r\nConnection: close\r\n${method === 'POST' ? 'Content-Type: application/json\r\nContent-Length: 27\r\n\r\n{"model":"tiny","text":"a"}' : '\r\n'}`;
  const hosts: readonly (readonly [string, number])[] = [
    ['localhost', 200],
    ['LOCALHOST', 200],
    ['localhost:8080', 200],
    ['127.0.0.1', 200],
    ['127.0.0.1:1', 200],
    ['[::1]', 200],
    ['[::1]:9', 200],
    ['', 421],
    [':8080', 421],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['evil.example:8080', 421],
    ['localhost@evil.example', 421],
    ['evil.example#localhost', 421],
    ['localhost:', 421],
    ['localhost:x', 421],
    ['localhost:123456', 421],
    ['localhost.', 421],
    ['127.0.0.1.nip.io', 421],
    ['127.1', 421],
    ['2130706433', 421],
    ['0.0.0.0', 421],
    ['[::ffff:127.0.0.1]', 421],
    ['::1', 421],
    ['localhost, evil.example', 421],
    ['169.254.169.254', 421],
  ];
  it.each(hosts)('Host "%s" gives %i to every method', async (host, status) => {
    for (const method of ['GET', 'POST'])
      expect(statusOf(await raw(test.port, request(method, [`Host: ${host}`])))).toBe(status);
    for (const method of ['DELETE', 'OPTIONS'])
      expect(statusOf(await raw(test.port, request(method, [`Host: ${host}`])))).toBe(
        status === 421 ? 421 : method === 'DELETE' ? 405 : 405,
      );
  });

  it('refuses two hosts and none', async () => {
    expect(
      statusOf(await raw(test.port, request('GET', ['Host: localhost', 'Host: evil.example']))),
    ).toBeGreaterThanOrEqual(400);
    expect(statusOf(await raw(test.port, 'GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(400);
    expect(statusOf(await raw(test.port, 'GET /v1/models HTTP/1.0\r\n\r\n'))).toBe(421);
  });

  it('lets pages of its own origin write, and no others', async () => {
    const { port } = test;
    const origins: readonly (readonly [string, number])[] = [
      [`http://localhost:${port}`, 200],
      [`http://127.0.0.1:${port}`, 200],
      ['http://localhost', 403],
      ['http://localhost:3000', 403],
      ['http://evil.example', 403],
      [`http://evil.example:${port}`, 403],
      [`http://localhost.evil.example:${port}`, 403],
      ['null', 403],
      ['', 403],
      [`http://localhost:${port}/`, 403],
      [`ftp://localhost:${port}`, 403],
    ];
    for (const [origin, status] of origins) {
      expect([origin, statusOf(await raw(port, request('POST', ['Host: localhost', `Origin: ${origin}`])))]).toEqual([
        origin,
        status,
      ]);
      const read = await raw(port, request('GET', ['Host: localhost', `Origin: ${origin}`]));
      expect(statusOf(read)).toBe(status);
      expect(read.toLowerCase()).not.toContain('access-control-allow');
    }
    // A rebound name has the same Origin and Host; that proves nothing.
    expect(statusOf(await raw(port, request('POST', ['Host: evil.example', 'Origin: http://evil.example'])))).toBe(421);
  });
});

describe('load', () => {
  const open = (test: TestServer, body: unknown, signal: AbortSignal) =>
    fetch(`${test.server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    }).catch(() => undefined);

  it('answers 429 with Retry-After when slots and queue are full, and goes on after', async () => {
    await using small = await testServer({ slots: 1, limits: { waitingChoices: 1 }, contextLength: 8192 });
    const stop = new AbortController();
    const long = { ...ask, logit_bias: small.endless };
    const both = [open(small, long, stop.signal), open(small, long, stop.signal)];
    while ((await small.figure('octavo_requests_in_flight')) < 2);
    const third = await post(small.server, '/v1/chat/completions', ask);
    expect(third.status).toBe(429);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await third.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'queue_full' } });
    stop.abort();
    await Promise.all(both);
    await until(small.idle);
    expect((await post(small.server, '/v1/chat/completions', { ...ask, max_tokens: 2 })).status).toBe(200);
  });

  it('gives up on an answer that waited too long', async () => {
    await using small = await testServer({ slots: 1, limits: { waitingMs: 50 }, contextLength: 8192 });
    const stop = new AbortController();
    const first = open(small, { ...ask, logit_bias: small.endless }, stop.signal);
    await until(() => !small.idle());
    expect((await post(small.server, '/v1/chat/completions', { ...ask, stream: true })).status).toBe(429);
    stop.abort();
    await first;
  });

  it('drains: ready says 503, new work is refused, an open stream ends with an error event at the deadline', async () => {
    const drained = await testServer({ contextLength: 8192 });
    const { server } = drained;
    const stream = await post(server, '/v1/chat/completions', { ...ask, stream: true, logit_bias: drained.endless });
    const text = stream.text();
    const done = server.drain(400);
    const ready = await fetch(`${server.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }]);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect((await post(server, '/v1/chat/completions', ask)).status).toBe(503);
    const events = await text;
    expect(events).toContain('"code":"shutting_down"');
    expect(events).not.toContain('[DONE]');
    await done;
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    await drained.model.generator.close();
  });

  it('drains: an answer that is under way is finished', async () => {
    const drained = await testServer();
    const stream = await post(drained.server, '/v1/chat/completions', {
      ...ask,
      stream: true,
      max_tokens: 200,
      logit_bias: drained.endless,
    });
    const text = stream.text();
    await drained.server.drain(20_000);
    expect((await text).trimEnd().endsWith('data: [DONE]')).toBe(true);
    await drained.model.generator.close();
  });

  it('drops a reader that takes nothing; its slot was never held up', async () => {
    await using small = await testServer({ limits: { stalledReaderMs: 200 }, slots: 1 });
    const body = JSON.stringify({
      ...ask,
      n: 8,
      stream: true,
      logprobs: true,
      top_logprobs: 20,
      logit_bias: small.endless,
    });
    const socket = connect({ port: small.port, host: '127.0.0.1' });
    socket.pause();
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    const ended = () => small.entries.some((entry) => entry.event === 'request' && entry.status === 499);
    await until(ended, 40_000);
    await until(small.idle);
    socket.destroy();
  });

  it('shows its load to Prometheus', async () => {
    await post(test.server, '/v1/chat/completions', { ...ask, max_tokens: 3, logit_bias: test.endless });
    const text = await (await fetch(`${test.server.url}/metrics`)).text();
    expect(text).toMatch(/^octavo_requests_total\{.*route="\/v1\/chat\/completions".*status="200".*\} [1-9]/m);
    expect(text).toMatch(/^octavo_tokens_total\{.*kind="completion".*\} [1-9]/m);
    expect(text).not.toContain('whale');
  });

  it('keeps one connection through many answers without a leak', async () => {
    const warnings: string[] = [];
    const hear = (warning: Error) => warnings.push(warning.message);
    process.on('warning', hear);
    const request = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answers = await raw(test.port, request.repeat(30), { waitMs: 500 });
    process.off('warning', hear);
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(30);
    expect(warnings).toEqual([]);
  });

  it('tokenizes', async () => {
    const reply = await post(test.server, '/v1/tokenize', { model: 'tiny', text: 'The whale <|end|>' });
    const ids = Array.from(test.model.tokenizer.encode('The whale <|end|>'));
    expect(await reply.json()).toMatchObject({ ids, count: ids.length });
    // What people write never becomes a control token.
    expect(ids).not.toContain(test.model.tokenizer.idOfSpecial('<|end|>'));
  });
});
