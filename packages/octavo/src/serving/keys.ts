import { createHash } from 'node:crypto';
import { type Clock, fail } from '../core/index.js';
import { changeKeyFile, type KeyScope, keyScopes, readKeyFile, type StoredKey } from './key-file.js';

/** Random bytes that nobody can guess: `randomBytes` of node:crypto. */
export type RandomBytes = (count: number) => Uint8Array;

/** A key as lists show it. */
export type ListedKey = Omit<StoredKey, 'sha256'> & { readonly state: 'valid' | 'expired' | 'revoked' };

export const digestOf = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest();

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const stateOf = (key: Pick<StoredKey, 'expiresAtMs' | 'revokedAtMs'>, nowMs: number): ListedKey['state'] => {
  if (key.revokedAtMs !== undefined) return 'revoked';
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'expired' : 'valid';
};

const listed = ({ sha256: _, ...key }: StoredKey, nowMs: number): ListedKey => ({ ...key, state: stateOf(key, nowMs) });

/**
 * Makes a key of 256 random bits. `key` is its only copy: the file keeps a digest.
 * Errors: KEY_UNKNOWN for a bad name or scope, KEYS_UNREADABLE, FILE_NOT_WRITTEN.
 */
export function createKey(
  path: string,
  the: {
    readonly name: string;
    readonly scopes: readonly KeyScope[];
    readonly lifetimeMs?: number;
    readonly clock: Clock;
    readonly random: RandomBytes;
  },
): { readonly key: string; readonly stored: ListedKey } {
  const { name, clock, random, lifetimeMs } = the;
  const scopes = keyScopes.filter((scope) => the.scopes.includes(scope));
  if (scopes.length === 0 || the.scopes.some((scope) => !keyScopes.includes(scope)))
    throw fail('KEY_UNKNOWN', {
      what: `a key has one or more of the scopes ${keyScopes.join(', ')}`,
      remedy: 'name them, for example --scope infer',
    });
  if (name.length < 1 || name.length > 100 || (lifetimeMs !== undefined && !(lifetimeMs > 0)))
    throw fail('KEY_UNKNOWN', {
      what: 'a key has a name of 1 to 100 characters, and a lifetime above zero or none',
      remedy: 'for example --name laptop --expires 90d',
    });
  const key = `octavo-${Buffer.from(random(32)).toString('base64url')}`;
  const nowMs = clock.now();
  const stored: StoredKey = {
    id: `key_${hex(random(6))}`,
    name,
    sha256: hex(digestOf(key)),
    scopes,
    createdAtMs: nowMs,
    ...(lifetimeMs === undefined ? {} : { expiresAtMs: nowMs + Math.round(lifetimeMs) }),
  };
  changeKeyFile(path, (keys) => ({ keys: [...keys, stored], result: undefined }));
  return { key, stored: listed(stored, nowMs) };
}

/** All keys, without what could be used in their place. Errors: KEYS_UNREADABLE. */
export const listKeys = (path: string, clock: Clock): readonly ListedKey[] => {
  const nowMs = clock.now();
  return readKeyFile(path).map((key) => listed(key, nowMs));
};

/** Revokes a key by its id: running servers refuse it from their next request on. Errors: KEY_UNKNOWN, KEYS_UNREADABLE. */
export const revokeKey = (path: string, id: string, clock: Clock): ListedKey =>
  changeKeyFile(path, (keys) => {
    const found = keys.find((key) => key.id === id);
    if (found === undefined)
      throw fail('KEY_UNKNOWN', {
        what: `there is no key ${JSON.stringify(id.slice(0, 40))}`,
        where: path,
        remedy: 'see `octavo keys list`',
      });
    const revoked: StoredKey = { ...found, revokedAtMs: found.revokedAtMs ?? clock.now() };
    return { keys: keys.map((key) => (key === found ? revoked : key)), result: listed(revoked, clock.now()) };
  });
