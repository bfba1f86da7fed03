import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fail, OctavoError, writeFileAtomic } from '../core/index.js';
import { acquireLock } from '../project/index.js';

/** What a key may be used for; `admin` may do all. */
export const keyScopes = ['infer', 'metrics', 'admin'] as const;
export type KeyScope = (typeof keyScopes)[number];

/** A key as it is stored: never the key itself. */
const StoredKey = z.strictObject({
  id: z.string().regex(/^key_[0-9a-f]{12}$/),
  name: z.string().min(1).max(100),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(keyScopes)).min(1),
  createdAtMs: z.number().int(),
  expiresAtMs: z.number().int().optional(),
  revokedAtMs: z.number().int().optional(),
});
export type StoredKey = Readonly<z.infer<typeof StoredKey>>;

const KeyFile = z.strictObject({ version: z.literal(1), keys: z.array(StoredKey).max(10_000) });

const mostBytes = 4 * 1024 * 1024;

const unreadable = (path: string, what: string, remedy: string, cause?: unknown) =>
  fail('KEYS_UNREADABLE', { what, where: path, remedy, cause });

/** Reads the keys. Errors: KEYS_UNREADABLE, also when other users of the machine may read or write the file. */
export function readKeyFile(path: string): readonly StoredKey[] {
  let file: number;
  try {
    // Opening a pipe would wait for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw unreadable(
      path,
      `the file of API keys cannot be read (${code})`,
      'make a first key with `octavo keys create`',
      cause,
    );
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile() || facts.size > mostBytes)
      throw unreadable(
        path,
        `this is not a regular file of at most ${mostBytes} bytes`,
        'give the file that `octavo keys create` made',
      );
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0)
      throw unreadable(path, 'other users may read or write the file of API keys', `chmod 600 ${path}`);
    return KeyFile.parse(JSON.parse(readFileSync(file, 'utf8'))).keys;
  } catch (cause) {
    if (cause instanceof OctavoError) throw cause;
    // The parser's own words could quote the file, so they stay out of the message.
    throw unreadable(
      path,
      'the file of API keys is damaged',
      'restore it from a backup, or delete it and make new keys',
    );
  } finally {
    closeSync(file);
  }
}

const exists = (error: unknown): boolean =>
  !(
    error instanceof OctavoError &&
    error.cause instanceof Error &&
    'code' in error.cause &&
    error.cause.code === 'ENOENT'
  );

/** Reads, changes and writes the keys while no other process does. Errors: KEYS_UNREADABLE, FILE_NOT_WRITTEN, RUN_LOCKED. */
export function changeKeyFile<Result>(
  path: string,
  change: (keys: readonly StoredKey[]) => { readonly keys: readonly StoredKey[]; readonly result: Result },
): Result {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = acquireLock(`${path}.lock`, path);
  try {
    let before: readonly StoredKey[] = [];
    try {
      before = readKeyFile(path);
    } catch (error) {
      if (exists(error)) throw error;
    }
    const { keys, result } = change(before);
    writeFileAtomic(path, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`, { mode: 0o600 });
    return result;
  } finally {
    lock.release();
  }
}
