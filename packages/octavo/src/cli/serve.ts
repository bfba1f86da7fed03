import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { fail, OctavoError, visibleLine } from '../core/index.js';
import {
  type AccessLine,
  followKeys,
  isLive,
  isLoopback,
  readKeys,
  servingLimits,
  startServer,
} from '../serving/index.js';
import type { Command } from './command.js';
import { keyFileOf } from './keys.js';
import { openModel } from './open-model.js';
import { parseOptions } from './options.js';
import { paintFor } from './terminal.js';

const Options = z.object({
  run: z.string().default('main'),
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'an address such as 127.0.0.1 or 0.0.0.0')
    .default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535).default(8080),
  slots: z.coerce.number().int().min(1).max(256).default(8),
  queue: z.coerce.number().int().min(0).max(10_000).default(servingLimits.queuedAnswers),
  allowHost: z.array(z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'a name such as llm.example.com')).default([]),
  keys: z.string().optional(),
  insecure: z.boolean().default(false),
  quiet: z.boolean().default(false),
});

const accessText = ({ method, route, status, elapsedMs, requestId, keyId }: AccessLine): string =>
  `${method} ${route} ${status} ${elapsedMs} ms ${requestId}${keyId === undefined ? '' : ` key ${keyId}`}`;

/** Others can reach it: then keys, or the explicit word that none are wanted. Errors: SERVE_INSECURE. */
const requireKeys = (the: { readonly host: string; readonly insecure: boolean; readonly live: number }): void => {
  if (isLoopback(the.host) || the.insecure || the.live > 0) return;
  throw fail('SERVE_INSECURE', {
    what: `on ${the.host} other machines can reach this server, and there is no live key`,
    where: '--host',
    remedy: 'make a key with `octavo keys create --name <who>`, or say --insecure to serve everybody',
  });
};

const notListening = (error: unknown, where: string): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program has this port: choose another with --port, or --port 0 for any',
    EACCES: 'this user may not open this port: choose one above 1023',
    EADDRNOTAVAIL: 'this machine does not have that address: use 127.0.0.1, or 0.0.0.0 for all',
    ENOTFOUND: 'that name has no address: use 127.0.0.1, or 0.0.0.0 for all',
  };
  const remedy = remedies[code];
  return error instanceof OctavoError || remedy === undefined
    ? error
    : fail('PORT_UNAVAILABLE', { what: `cannot listen there (${code})`, where, remedy, cause: error });
};

export const serve: Command = {
  options: [
    { form: '--run <name>', says: 'the run whose model to serve (main)' },
    { form: '--host <address>', says: 'where to listen (127.0.0.1: this machine alone); beyond it keys are needed' },
    { form: '--port <number>', says: 'the port; 0 for any free one (8080)' },
    { form: '--slots <count>', says: 'answers written at a time (8)' },
    { form: '--queue <count>', says: `answers that may wait (${servingLimits.queuedAnswers})` },
    { form: '--allow-host <name>', says: 'a name under which clients reach this server', repeats: true },
    { form: '--keys <file>', says: 'the file of key hashes (.octavo/keys.json of the project)' },
    { form: '--insecure', says: 'serve beyond this machine without keys' },
    { form: '--quiet', says: 'no line for each request' },
  ],
  examples: [
    'octavo serve',
    'octavo serve --port 9000 --slots 16',
    'octavo keys create --name alice && octavo serve --host 0.0.0.0 --allow-host llm.example.com',
  ],
  run: async ({ options: given, json, terminal, cwd, clock, interruptible }) => {
    const options = parseOptions(Options, given);
    const paint = paintFor(terminal);
    const path = keyFileOf(cwd, options.keys);
    requireKeys({
      host: options.host,
      insecure: options.insecure,
      live: readKeys(path).filter((key) => isLive(key, clock.now())).length,
    });
    const { model } = await openModel(cwd, terminal, options);
    const fault = (where: string, error: unknown) =>
      terminal.err(
        `${paint('red', 'fault')} ${where} ${visibleLine(error instanceof Error ? `${error.message} ${error.stack ?? ''}` : String(error), 600)}\n`,
      );
    const keys = followKeys(path, { now: clock.now, onFault: (error) => fault('keys', error) });
    const code = await interruptible(async (signal) => {
      const server = await startServer({
        model,
        keys,
        host: options.host,
        port: options.port,
        allowHosts: options.allowHost,
        clock,
        random: randomBytes,
        limits: { queuedAnswers: options.queue },
        onFault: fault,
        ...(options.quiet
          ? {}
          : { onAccess: (line: AccessLine) => terminal.err(`${paint('dim', visibleLine(accessText(line), 200))}\n`) }),
      }).catch((error: unknown) => {
        throw notListening(error, `${options.host}:${options.port}`);
      });
      if (!isLoopback(options.host) && !keys.demanded())
        terminal.err(
          `${paint('red', 'WARNING: everybody who can reach this machine can use this server: it asks for no key.')}\n`,
        );
      const authorization = keys.demanded() ? ` -H 'authorization: Bearer <key>'` : '';
      terminal.out(
        json
          ? `${JSON.stringify({ url: server.url, port: server.port, model: model.id, keys: keys.demanded(), pid: process.pid })}\n`
          : `${paint('bold', `Serving ${model.id} at ${server.url}/v1`)}  (${keys.demanded() ? 'keys needed' : 'no key needed'}; Ctrl-C stops)\n\n  curl ${server.url}/v1/chat/completions${authorization} -H 'content-type: application/json' \\\n    -d '{"model":"${model.id}","messages":[{"role":"user","content":"What is the capital of France?"}]}'\n\n`,
      );
      if (!signal.aborted)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await server.drain();
      return 0 as const;
    }, 'no new requests; open answers finish');
    await model.generator.close();
    return code;
  },
};
