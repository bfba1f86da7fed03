import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, visibleLine } from '../core/index.js';
import { findProjectFolder } from '../project/index.js';
import { createKey, keyScopes, listKeys, revokeKey } from '../serving/index.js';
import type { Command, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { table } from './terminal.js';

const hourMs = 3_600_000;

const Options = z.object({
  name: z.string().min(1).max(100).default('unnamed'),
  scope: z.array(z.enum(keyScopes)).min(1).default(['infer']),
  expires: z
    .string()
    .regex(/^([1-9]\d{0,3}[dh]|never)$/, 'a time such as 90d or 12h, or never')
    .default('never'),
  file: z.string().optional(),
});

/** Where a project keeps the hashes of its keys. */
export const keyFileOf = (cwd: string, file: string | undefined): string =>
  file ?? join(findProjectFolder(cwd), '.octavo', 'keys.json');

const lifetimeOf = (expires: string): { readonly lifetimeMs?: number } =>
  expires === 'never' ? {} : { lifetimeMs: Number(expires.slice(0, -1)) * hourMs * (expires.endsWith('d') ? 24 : 1) };

const minuteOf = (timeMs: number | undefined): string =>
  timeMs === undefined ? 'never' : new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');

type Verb = (invocation: Invocation, path: string) => { readonly value: unknown; readonly text: string };

const verbs: Readonly<Record<string, Verb>> = {
  create: ({ options, terminal, clock }, path) => {
    const { name, scope: scopes, expires } = parseOptions(Options, options);
    const { key, stored } = createKey(path, { name, scopes, ...lifetimeOf(expires), clock, random: randomBytes });
    terminal.err(
      `${stored.id} (${stored.scopes.join(', ')}; expires: ${minuteOf(stored.expiresAtMs)}). The key is shown this once and kept nowhere:\n`,
    );
    return { value: { key, ...stored }, text: `${key}\n` };
  },
  list: ({ clock }, path) => {
    const keys = existsSync(path) ? listKeys(path, clock) : [];
    const rows = keys.map(({ id, name, state, scopes, createdAtMs, expiresAtMs }) => [
      id,
      visibleLine(name, 40),
      state,
      scopes.join(', '),
      minuteOf(createdAtMs),
      minuteOf(expiresAtMs),
    ]);
    return {
      value: keys,
      text:
        rows.length === 0
          ? 'there are no keys: `octavo keys create --name <who>` makes one\n'
          : `${table([['id', 'name', 'state', 'scopes', 'created', 'expires'], ...rows])}\n`,
    };
  },
  revoke: ({ args, clock }, path) => {
    const id = args[1];
    if (id === undefined)
      throw fail('USAGE', {
        what: 'the id of a key is missing',
        where: 'octavo keys revoke',
        remedy: '`octavo keys list` shows the ids',
      });
    const key = revokeKey(path, id, clock);
    return {
      value: key,
      text: `${key.id} (${visibleLine(key.name, 40)}) is revoked; running servers refuse it from their next request on\n`,
    };
  },
};

export const keys: Command = {
  args: [
    { form: '<what>', says: 'create, list or revoke' },
    { form: '[id]', says: 'the key to revoke' },
  ],
  options: [
    { form: '--name <name>', says: 'with create: who uses it' },
    { form: '--scope <scope>', says: `with create: what it may do: ${keyScopes.join(', ')} (infer)`, repeats: true },
    { form: '--expires <time>', says: 'with create: 90d, 12h or never (never)' },
    { form: '--file <path>', says: 'the file of key hashes (.octavo/keys.json of the project)' },
  ],
  examples: [
    'octavo keys create --name alice --expires 90d',
    'octavo keys create --name prometheus --scope metrics',
    'octavo keys list',
    'octavo keys revoke key_1f0c2a9b4d5e',
  ],
  run: async (invocation) => {
    const { args, options, json, terminal, cwd } = invocation;
    const what = args[0] ?? '';
    const verb = Object.hasOwn(verbs, what) ? verbs[what] : undefined;
    if (verb === undefined)
      throw fail('USAGE', {
        what: `"${visibleLine(what)}" is not one of ${Object.keys(verbs).join(', ')}`,
        where: 'octavo keys',
        remedy: 'see `octavo keys --help`',
      });
    const { value, text } = verb(invocation, keyFileOf(cwd, parseOptions(Options, options).file));
    terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : text);
    return 0;
  },
};
