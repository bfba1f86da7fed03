import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fail, writeFileAtomic } from '../core/index.js';
import { servingLimits } from './limits.js';

/** What a key may do: ask the model, send feedback, read figures, change things. */
export const keyScopes = ['infer', 'feedback', 'metrics', 'admin'] as const;
export type KeyScope = (typeof keyScopes)[number];

const keyRecord = z.strictObject({
  /** Names the key in lists and logs; says nothing of the key itself. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  name: z.string().min(1).max(64),
  /** Of the whole key, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(keyScopes)).min(1),
  createdAtMs: z.int().min(0),
  /** null: never. */
  expiresAtMs: z.int().min(0).nullable(),
  revokedAtMs: z.int().min(0).nullable(),
});
export type KeyRecord = z.infer<typeof keyRecord>;

const keyFile = z.strictObject({ format: z.literal('octavo-keys'), version: z.literal(1), keys: z.array(keyRecord) });

const invalid = (path: string, what: string, cause?: unknown) =>
  fail('FILE_INVALID', {
    what,
    where: path,
    remedy: 'restore it from a backup, or delete it and make new keys with `octavo keys create`',
    ...(cause === undefined ? {} : { cause }),
  });

/** Reads all keys; none when there is no file. Errors: FILE_INVALID, FILE_UNREADABLE. */
export function readKeys(path: string): readonly KeyRecord[] {
  if (!existsSync(path)) return [];
  let text: string;
  const file = (() => {
    try {
      return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw fail('FILE_UNREADABLE', {
        what: 'the file of keys cannot be read',
        where: path,
        remedy: 'check its owner and permissions',
        cause,
      });
    }
  })();
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) throw invalid(path, 'this is not a regular file');
    if ((facts.mode & 0o077) !== 0)
      throw fail('FILE_INVALID', {
        what: 'others than its owner may read or change the file of keys',
        where: path,
        remedy: `chmod 600 ${path}`,
      });
    if (facts.size > servingLimits.keyFileBytes)
      throw invalid(path, `it has more than ${servingLimits.keyFileBytes} bytes`);
    text = readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
  try {
    return keyFile.parse(JSON.parse(text)).keys;
  } catch (cause) {
    throw invalid(path, 'this is not a file of keys', cause);
  }
}

/** Replaces the file atomically; only its owner may read it. Errors: FILE_NOT_WRITTEN. */
export function writeKeys(path: string, keys: readonly KeyRecord[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, `${JSON.stringify({ format: 'octavo-keys', version: 1, keys }, null, 2)}\n`, { mode: 0o600 });
}

/** Changes whenever the file is replaced or altered; undefined when there is none. */
export function keyFileStamp(path: string): string | undefined {
  const facts = statSync(path, { throwIfNoEntry: false, bigint: true });
  return facts === undefined ? undefined : `${facts.ino} ${facts.size} ${facts.mtimeNs} ${facts.ctimeNs}`;
}
