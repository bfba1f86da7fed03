import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, visibleLine } from '../core/index.js';
import { findProjectFolder } from '../project/index.js';
import { createKey, isLive, type KeyRecord, keyScopes, readKeys, revokeKey } from '../serving/index.js';
import type { Command, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { paintFor, table } from './terminal.js';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

const Options = z.object({
  name: z.string().min(1).max(64).default('unnamed'),
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

const stateOf = (key: KeyRecord, nowMs: number): string =>
  isLive(key, nowMs) ? 'live' : key.revokedAtMs === null ? 'expired' : 'revoked';
const dayOf = (timeMs: number | null): string =>
  timeMs === null ? 'never' : new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
const shown = (key: KeyRecord, nowMs: number) => ({
  id: key.id,
  name: key.name,
  state: stateOf(key, nowMs),
  scopes: key.scopes,
  createdAtMs: key.createdAtMs,
  expiresAtMs: key.expiresAtMs,
  revokedAtMs: key.revokedAtMs,
});

type Verb = (invocation: Invocation, path: string) => { readonly value: unknown; readonly text: string };

const verbs: Readonly<Record<string, Verb>> = {
  create: (invocation, path) => {
    const { name, scope, expires } = parseOptions(Options, invocation.options);
    const nowMs = invocation.clock.now();
    const expiresAtMs =
      expires === 'never' ? null : nowMs + Number(expires.slice(0, -1)) * (expires.endsWith('d') ? dayMs : hourMs);
    const { key, record } = createKey(path, { name, scopes: scope, expiresAtMs }, { nowMs, random: randomBytes });
    invocation.terminal.err(
      `Key ${record.id} (${record.scopes.join(', ')}; expires: ${dayOf(expiresAtMs)}). It is shown this once and kept nowhere:\n`,
    );
    return { value: { key, ...shown(record, nowMs) }, text: `${key}\n` };
  },
  list: ({ clock }, path) => {
    const nowMs = clock.now();
    const keys = readKeys(path);
    const rows = keys.map((key) => [
      key.id,
      visibleLine(key.name, 40),
      stateOf(key, nowMs),
      key.scopes.join(', '),
      dayOf(key.createdAtMs),
      dayOf(key.expiresAtMs),
    ]);
    return {
      value: keys.map((key) => shown(key, nowMs)),
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
    const nowMs = clock.now();
    const key = revokeKey(path, id, nowMs);
    return {
      value: shown(key, nowMs),
      text: `key ${key.id} (${visibleLine(key.name, 40)}) is revoked; running servers refuse it from their next request on\n`,
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
    'octavo keys revoke 1f0c2a9b',
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
    terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : paintFor(terminal)('bold', text));
    return 0;
  },
};
