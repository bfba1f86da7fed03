import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  becomes,
  chatBody,
  endless,
  httpRequest,
  metric,
  openSocket,
  pause,
  type Started,
  start,
  tinyModel,
  type WatchedModel,
} from './support/serving.js';

let model: WatchedModel;
let started: Started;
beforeAll(async () => {
  model = await tinyModel({ slots: 4, contextLength: 1024 });
  started = await start(model, { limits: { waitingChoices: 500 } });
});
afterAll(async () => {
  await started.server.close();
  await model.generator.close();
});

/** Ways in which a client goes. */
const leave: Readonly<Record<string, (socket: Socket) => void>> = {
  'with FIN': (socket) => socket.destroy(),
  'with RST': (socket) => socket.resetAndDestroy(),
  'by half-closing': (socket) => {
    socket.end();
  },
};

const seed = Number(process.env['SEED'] ?? 7);

/** mulberry32: a small random stream, so that a failure can be replayed. */
const randomFrom = (first: number) => {
  let state = first;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const idle = (): boolean => model.generator.load().active === 0 && model.generator.load().waiting === 0;

describe(`clients that leave (SEED=${seed})`, () => {
  it.each(Object.keys(leave))(
    '1,000 of them %s, streaming, waiting or with several choices: no slot is lost',
    async (way) => {
      const random = randomFrom(seed);
      const pick = (below: number) => Math.floor(random() * below);
      const one = async (): Promise<void> => {
        const socket = await openSocket(started.port);
        socket.on('error', () => undefined);
        let events = 0;
        socket.on('data', (bytes) => {
          events += bytes.toString('latin1').split('data:').length - 1;
        });
        const stream = random() < 0.8;
        socket.write(httpRequest(chatBody({ stream, n: 1 + pick(3), max_tokens: 900, logit_bias: endless(model) })));
        const after = pick(20);
        // At a token; or at a moment, where the answer comes whole or the request still waits.
        if (stream) await becomes(() => events >= after, 5 + pick(40));
        else await pause(pick(20));
        leave[way]?.(socket);
        await pause(pick(3));
        socket.destroy();
      };
      for (let round = 0; round < 1000 / 20; round++) await Promise.all(Array.from({ length: 20 }, one));
      expect(await becomes(idle, 5000)).toBe(true);
      expect(model.mostLateTokens()).toBeLessThanOrEqual(1);
      expect(await metric(started, 'octavo_slots_active')).toBe(0);
      expect(await metric(started, 'octavo_choices_waiting')).toBe(0);
      expect(await metric(started, 'octavo_requests_in_flight')).toBe(0);
      expect(started.log.filter((entry) => entry.event === 'failure')).toEqual([]);
      expect(started.log.filter((entry) => entry.event === 'request' && entry.status === 499).length).toBeGreaterThan(
        900,
      );
      const after = await fetch(`${started.server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: chatBody({ max_tokens: 3 }),
      });
      expect(after.status).toBe(200);
    },
  );

  it('frees the slot within one step of the model', async () => {
    for (let round = 0; round < 50; round++) {
      const socket = await openSocket(started.port);
      socket.on('error', () => undefined);
      let seen = false;
      socket.on('data', () => {
        seen = true;
      });
      socket.write(httpRequest(chatBody({ stream: true, logit_bias: endless(model) })));
      await becomes(() => seen, 2000);
      socket.resetAndDestroy();
      expect(await becomes(idle, 1000)).toBe(true);
    }
    expect(model.mostLateTokens()).toBeLessThanOrEqual(1);
  });
});
