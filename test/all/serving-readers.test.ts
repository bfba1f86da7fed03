import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  becomes,
  chatBody,
  endless,
  httpRequest,
  openSocket,
  type Started,
  start,
  tinyModel,
  type WatchedModel,
} from './support/serving.js';

let model: WatchedModel;
let started: Started;
const limits = { stalledReaderMs: 1500, waitingChoices: 4000, waitingMs: 300_000 };
beforeAll(async () => {
  model = await tinyModel({ slots: 4, contextLength: 8192 });
  started = await start(model, { limits });
});
afterAll(async () => {
  await started.server.close();
  await model.generator.close();
});

interface Attacker {
  readonly socket: Socket;
  closed: boolean;
  said: string;
}

const attack = async (bytes: string): Promise<Attacker> => {
  const attacker: Attacker = { socket: await openSocket(started.port), closed: false, said: '' };
  attacker.socket.on('error', () => undefined);
  attacker.socket.on('data', (data) => {
    attacker.said += data.toString('latin1');
  });
  for (const event of ['end', 'close'] as const)
    attacker.socket.on(event, () => {
      attacker.closed = true;
    });
  attacker.socket.write(bytes);
  return attacker;
};

describe('clients that cost time', () => {
  it('20 who never read the 8 MB that they asked for are dropped, and hold no slot', async () => {
    const before = started.log.length;
    const readers = 20;
    const body = chatBody({
      stream: true,
      logprobs: true,
      top_logprobs: 20,
      n: 8,
      max_tokens: 700,
      logit_bias: endless(model),
    });
    const sockets = await Promise.all(Array.from({ length: readers }, () => openSocket(started.port)));
    for (const socket of sockets) {
      socket.pause();
      socket.on('error', () => undefined);
      socket.write(httpRequest(body));
    }
    const dropped = () =>
      started.log.slice(before).filter((entry) => entry.event === 'request' && entry.status === 499).length;
    expect(await becomes(() => dropped() === readers, 300_000)).toBe(true);
    expect(model.generator.load()).toEqual({ active: 0, waiting: 0 });
    for (const socket of sockets) socket.destroy();
  });

  it('huge headers, many headers, huge bodies and things that are no HTTP get an answer and no more', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [`GET /health HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      [`GET /health HTTP/1.1\r\nHost: localhost\r\n${'abcdef: ghijkl\r\n'.repeat(4000)}\r\n`, /^HTTP\/1\.1 431 /],
      [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, /^HTTP\/1\.1 431 /],
      [
        'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{',
        /^HTTP\/1\.1 413 /,
      ],
      [
        'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        /^HTTP\/1\.1 400 /,
      ],
      [
        'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
        /^HTTP\/1\.1 4/,
      ],
      [
        'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
        /^HTTP\/1\.1 400 /,
      ],
      [
        'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        /^HTTP\/1\.1 400 /,
      ],
      ['GET /health HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['GET /health HTTP/1.1\nHost: localhost\n\n', /^HTTP\/1\.1 400 /],
      ['\u0016\u0003\u0001\u0002\u0000', /^HTTP\/1\.1 400 /],
      ['SSH-2.0-client\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['GET http://evil.example/v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1\.1 421 /],
      ['CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', /^$|^HTTP\/1\.1 4/],
      [
        'GET /health HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        /^HTTP\/1\.1 200 /,
      ],
    ];
    for (const [bytes, expected] of cases) {
      const attacker = await attack(bytes);
      await becomes(() => attacker.closed || /\r\n\r\n/.test(attacker.said), 6000);
      expect([bytes.slice(0, 60), attacker.said.split('\r\n')[0]]).toEqual([
        bytes.slice(0, 60),
        expect.stringMatching(expected),
      ]);
      attacker.socket.destroy();
    }
    expect((await fetch(`${started.server.url}/health`)).status).toBe(200);
  });
});
