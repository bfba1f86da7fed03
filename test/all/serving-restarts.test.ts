import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatBody, endless, pause, type Started, start, tinyModel, type WatchedModel } from './support/serving.js';

let model: WatchedModel;
beforeAll(async () => {
  model = await tinyModel({ slots: 4, contextLength: 512 });
});
afterAll(() => model.generator.close());

/** Refused, or reset before an answer began: a balancer may try another server. */
class NothingSaid extends Error {}

const agent = new Agent({ keepAlive: true });

/** Node's own client over kept-alive connections, as balancers have them. */
const send = (port: number, body: string): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        host: '127.0.0.1',
        agent,
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', (cause) => reject(new Error('an answer was cut', { cause })));
      },
    );
    sent.on('error', (cause) => reject(new NothingSaid('nothing was said', { cause })));
    sent.end(body);
  });

/** Two servers and what a balancer does: ask one that is ready, and take the other when it declines or hangs up at once. */
class Balancer {
  readonly #servers: Started[] = [];
  #turn = 0;
  retried = 0;

  add(server: Started): void {
    this.#servers.push(server);
  }

  replace(old: Started, next: Started): void {
    this.#servers[this.#servers.indexOf(old)] = next;
  }

  /** Forwards a request; it fails if no server takes it, or if one that took it does not finish. */
  async ask(body: string): Promise<string> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const target = this.#servers[this.#turn++ % this.#servers.length];
      if (target === undefined) throw new Error('there are servers');
      let reply: Awaited<ReturnType<typeof send>>;
      try {
        reply = await send(target.port, body);
      } catch (error) {
        if (!(error instanceof NothingSaid)) throw error;
        this.retried += 1;
        await pause(2);
        continue;
      }
      if (reply.status === 503) {
        this.retried += 1;
        continue;
      }
      if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.text}`);
      return reply.text;
    }
    throw new Error('nobody took the request');
  }
}

describe('rolling restarts', () => {
  it('50 of them under load: no request fails, no stream is cut', async () => {
    const balancer = new Balancer();
    let current = [
      await start(model, { limits: { waitingChoices: 1000 } }),
      await start(model, { limits: { waitingChoices: 1000 } }),
    ];
    for (const one of current) balancer.add(one);
    let running = true;
    let answered = 0;
    const body = { max_tokens: 60, logit_bias: endless(model) };
    const client = async (index: number): Promise<void> => {
      while (running) {
        const stream = index % 2 === 0;
        const text = await balancer.ask(chatBody({ ...body, stream, seed: answered }));
        if (stream) expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
        else expect(JSON.parse(text)).toMatchObject({ usage: { completion_tokens: 60 } });
        answered += 1;
      }
    };
    const clients = Array.from({ length: 8 }, (_, index) => client(index));
    for (let restart = 0; restart < 50; restart++) {
      const [old, other] = current;
      if (old === undefined || other === undefined) throw new Error('there are two servers');
      const next = await start(model, { limits: { waitingChoices: 1000 } });
      const drained = old.server.drain(20_000);
      const ready = await fetch(`${old.server.url}/ready`).catch(() => undefined);
      // It was busy or not; if it still listens it says that it takes nothing.
      if (ready !== undefined) expect(ready.status).toBe(503);
      balancer.replace(old, next);
      const before = performance.now();
      await drained;
      expect(performance.now() - before).toBeLessThan(5000);
      expect(old.log.at(-1)).toMatchObject({ event: 'closed', text: 'all answers finished' });
      current = [other, next];
    }
    running = false;
    await Promise.all(clients);
    console.log(`${answered} answers over 50 restarts, ${balancer.retried} passed on to the other server, 0 failed`);
    expect(answered).toBeGreaterThan(100);
    for (const { server } of current) await server.close();
    expect(model.generator.load()).toEqual({ active: 0, waiting: 0 });
  });
});
