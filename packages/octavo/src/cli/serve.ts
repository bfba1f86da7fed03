import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { absurd, isLoopback, visibleLine, visibleText } from '../core/index.js';
import { readProject } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import { type LogEntry, openKeys, serve as startServer } from '../serving/index.js';
import type { Command } from './command.js';
import { keyFileOf } from './keys.js';
import { openModel } from './open-model.js';
import { parseOptions } from './options.js';
import { type Paint, paintFor } from './terminal.js';

const whole = z.coerce.number().int();
const name = z.string().regex(/^[A-Za-z0-9.:[\]_-]{1,253}$/, 'a name or an address such as llm.example.com');

const Options = z.object({
  run: z.string().default('main'),
  int8: z.boolean().default(false),
  host: name.default('127.0.0.1'),
  port: whole.min(0).max(65_535).optional(),
  slots: whole.min(1).max(256).optional(),
  allowedHost: z.array(name).default([]),
  allowedOrigin: z.array(z.string().regex(/^https?:\/\/[^/]+$/, 'an origin such as https://example.com')).default([]),
  keys: z.string().optional(),
  insecure: z.boolean().default(false),
  quiet: z.boolean().default(false),
});

const entryText = (entry: LogEntry, paint: Paint): string => {
  switch (entry.event) {
    case 'request': {
      const { method, route, status, elapsedMs, requestId, keyId } = entry;
      const key = keyId === undefined ? '' : ` ${keyId}`;
      return paint('dim', visibleLine(`${method} ${route} ${status} ${elapsedMs} ms ${requestId}${key}`, 200));
    }
    case 'failure':
      return `${paint('red', 'failure')} ${entry.requestId} ${visibleText(entry.error.slice(0, 2_000))}`;
    case 'listening':
    case 'draining':
    case 'closed':
      return paint('dim', `${entry.event}: ${entry.text}`);
    default:
      return absurd(entry);
  }
};

const howToAsk = (url: string, model: string, keyed: boolean): string =>
  [
    `  curl ${url}/v1/chat/completions \\`,
    ...(keyed ? [`    -H 'authorization: Bearer <key>' \\`] : []),
    `    -H 'content-type: application/json' \\`,
    `    -d '{"model":"${model}","messages":[{"role":"user","content":"What is the capital of France?"}]}'`,
  ].join('\n');

export const serve: Command = {
  options: [
    { form: '--run <name>', says: 'the run whose model to serve (main)' },
    { form: '--host <address>', says: 'where to listen (127.0.0.1: this machine alone); beyond it keys are needed' },
    { form: '--port <number>', says: 'the port; 0 for any free one (serve.port of octavo.yaml: 8000)' },
    { form: '--slots <count>', says: 'answers written at a time (serve.slots of octavo.yaml: 8)' },
    { form: '--allowed-host <name>', says: 'a name under which clients reach this server', repeats: true },
    { form: '--allowed-origin <origin>', says: 'pages that may call it, such as https://example.com', repeats: true },
    { form: '--int8', says: 'linear layers in 8-bit integers: half the memory, faster answers, slightly coarser' },
    { form: '--keys <file>', says: 'the file of key hashes (.octavo/keys.json of the project, if it is there)' },
    { form: '--insecure', says: 'serve beyond this machine without keys' },
    { form: '--quiet', says: 'no line for each request' },
  ],
  examples: [
    'octavo serve',
    'octavo serve --port 9000 --slots 16',
    'octavo keys create --name alice && octavo serve --host 0.0.0.0 --allowed-host llm.example.com',
  ],
  run: async ({ options: given, json, terminal, cwd, clock, interruptible }) => {
    const options = parseOptions(Options, given);
    const section = readProject(findProjectFolder(cwd), []).serve;
    const paint = paintFor(terminal);
    const path = keyFileOf(cwd, options.keys);
    // A file that was named has to be there; the project's own counts as soon as there is one.
    const keys = options.keys !== undefined || existsSync(path) ? openKeys(path, clock) : undefined;
    const opened = await openModel(cwd, terminal, {
      run: options.run,
      slots: options.slots ?? section.slots,
      int8: options.int8,
    });
    const served = section.name ?? opened.name;
    const { generator } = opened.model;
    try {
      await interruptible(async (signal) => {
        const { port, slots: _, name: __, ...limits } = section;
        const server = await startServer({
          models: new Map([[served, opened.model]]),
          ...(keys === undefined ? {} : { keys }),
          limits,
          host: options.host,
          port: options.port ?? port,
          insecure: options.insecure,
          allowedHosts: options.allowedHost,
          allowedOrigins: options.allowedOrigin,
          clock,
          random: randomBytes,
          log: (entry) => {
            if (entry.event === 'listening' || (options.quiet && entry.event === 'request')) return;
            terminal.err(`${entryText(entry, paint)}\n`);
          },
        });
        if (!isLoopback(options.host) && keys === undefined)
          terminal.err(
            `${paint('red', 'WARNING: everybody who can reach this machine can use this server: it asks for no key.')}\n`,
          );
        terminal.out(
          json
            ? `${JSON.stringify({ url: server.url, model: served, keys: keys !== undefined, pid: process.pid })}\n`
            : `${paint('bold', `Serving ${served} at ${server.url}/v1`)} (${keys === undefined ? 'no key needed' : 'keys needed'}; Ctrl-C stops)\n\n${howToAsk(server.url, served, keys !== undefined)}\n\n`,
        );
        if (!signal.aborted)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        await server.drain();
      }, 'no new requests; open answers finish');
    } finally {
      await generator.close();
    }
    return 0;
  },
};
