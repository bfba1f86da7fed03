/**
 * What the HTTP server costs: Octavo beside bare node:http, which writes the same bytes and checks nothing.
 *
 *   node bench/serving.mjs [--rounds 9] [--connections 32] [--json]
 *
 * Each server is a process of its own over a generator that has its 64 words ready, so that only the server is measured;
 * the client, on plain sockets, runs beside it on the same machine. Seconds count client and server, µs the server's CPU.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serve } from '../packages/octavo/dist/serving/index.js';
import { trainTokenizer } from '../packages/octavo/dist/text/index.js';
import { againstBest, alternate, table, writeResult } from './harness.mjs';

const words = 64;
const role = process.env.OCTAVO_BENCH_SERVER;
const piece = (content) =>
  `data: ${JSON.stringify({ id: `chatcmpl-${'0'.repeat(32)}`, object: 'chat.completion.chunk', created: 1_700_000_000, model: 'words', choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }] })}\n\n`;
/** One turn of the event loop, as the engine's step takes one. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const bare = async () => {
  const list = JSON.stringify({
    object: 'list',
    data: [{ id: 'words', object: 'model', created: 1, owned_by: 'octavo' }],
  });
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': list.length });
      response.end(list);
      return;
    }
    for await (const _ of request);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let word = 0; word < words; word++) {
      response.write(piece(' word'));
      await turn();
    }
    response.end('data: [DONE]\n\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};

const octavo = async () => {
  const tokenizer = await trainTokenizer({
    texts: ['a word and a word'],
    vocabularySize: 270,
    pattern: 'gpt2',
    threads: 1,
  });
  const generator = {
    contextLength: 1024,
    vocabularySize: tokenizer.vocabularySize,
    slots: 256,
    load: () => ({ active: 0, waiting: 0 }),
    generate: async function* ({ prompt }, signal) {
      for (let word = 0; word < words && !signal.aborted; word++) {
        yield { kind: 'token', id: 1, text: ' word' };
        await turn();
      }
      yield { kind: 'end', reason: 'length', text: '', promptTokens: prompt.length, completionTokens: words };
    },
    close: async () => {},
  };
  const clock = { now: () => Date.now() };
  const models = new Map([['words', { generator, tokenizer, created: 1 }]]);
  const { url } = await serve({ models, port: 0, clock, random: randomBytes, log: () => {} });
  return Number(new URL(url).port);
};

if (role !== undefined) {
  process.send({ port: await { bare, octavo }[role]() });
  process.on('message', () => process.send({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit());
} else {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      connections: { type: 'string', default: '32' },
      json: { type: 'boolean', default: false },
    },
  });
  const connections = Number(options.connections);
  const next = (child) => new Promise((resolve) => child.once('message', resolve));
  const servers = {};
  for (const name of ['octavo', 'bare']) {
    const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, OCTAVO_BENCH_SERVER: name } });
    servers[name] = { child, port: (await next(child)).port };
  }
  const cpuOf = async ({ child }) => {
    child.send('cpu');
    const { cpu } = await next(child);
    return cpu.user + cpu.system;
  };
  /** Asks so often over each connection, one request after another; an answer ends with these bytes. */
  const load = (port, request, { times, end }) =>
    Promise.all(
      Array.from(
        { length: connections },
        () =>
          new Promise((resolve, reject) => {
            const socket = connect(port, '127.0.0.1');
            let left = times;
            let tail = '';
            socket.on('connect', () => socket.write(request));
            socket.on('error', reject);
            socket.on('close', () => (left === 0 ? resolve() : reject(new Error('the server closed the connection'))));
            socket.on('data', (bytes) => {
              tail = (tail + bytes.toString('latin1')).slice(-end.length - 64);
              if (!tail.endsWith(end)) return;
              tail = '';
              left -= 1;
              if (left > 0) socket.write(request);
              else socket.destroy();
            });
          }),
      ),
    );
  const body = JSON.stringify({ model: 'words', stream: true, messages: [{ role: 'user', content: 'a word' }] });
  const races = [
    {
      title: 'GET /v1/models',
      unit: 'requests',
      amount: 200 * connections,
      request: 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n',
      times: 200,
      end: '}]}',
    },
    {
      title: `a chat streamed in ${words} events`,
      unit: 'events',
      amount: 10 * words * connections,
      request: `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      times: 10,
      end: '0\r\n\r\n',
    },
  ];
  const results = [];
  for (const { title, unit, amount, request, times, end } of races) {
    const cpu = { octavo: [], bare: [] };
    const contestant = (name) => ({
      name,
      required: true,
      run: async () => {
        const before = await cpuOf(servers[name]);
        const startedMs = performance.now();
        await load(servers[name].port, request, { times, end });
        const seconds = (performance.now() - startedMs) / 1000;
        cpu[name].push(((await cpuOf(servers[name])) - before) / amount);
        return seconds;
      },
    });
    const raced = await alternate([contestant('octavo'), contestant('bare')], {
      rounds: Number(options.rounds),
      warmup: 2,
    });
    const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
    const microseconds = { octavo: median(cpu.octavo), bare: median(cpu.bare) };
    process.stderr.write(
      `\n${title}\n${table(raced, { ours: 'octavo', amount, unit })}\nserver's CPU a ${unit.slice(0, -1)}: octavo ${microseconds.octavo.toFixed(1)} µs, bare ${microseconds.bare.toFixed(1)} µs\n`,
    );
    results.push({ title, ...raced, cpuMicroseconds: microseconds, best: againstBest(raced, 'octavo') });
  }
  for (const { child } of Object.values(servers)) child.disconnect();
  if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else await writeResult('serving', results);
}
