import { createHash, timingSafeEqual } from 'node:crypto';
import { fail } from '../core/index.js';
import { type KeyRecord, type KeyScope, keyFileStamp, readKeys, writeKeys } from './key-file.js';

const prefix = 'octavo-';
const keyBytes = 32;

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly expiresAtMs: number | null;
}

interface Effects {
  readonly nowMs: number;
  /** Random bytes that nobody can guess. */
  readonly random: (count: number) => Uint8Array;
}

/** Adds a key to the file. The key itself is returned once and kept nowhere. Errors: USAGE, FILE_INVALID, FILE_NOT_WRITTEN. */
export function createKey(
  path: string,
  { name, scopes, expiresAtMs }: NewKey,
  { nowMs, random }: Effects,
): { readonly key: string; readonly record: KeyRecord } {
  const keys = readKeys(path);
  const key = `${prefix}${Buffer.from(random(keyBytes)).toString('base64url')}`;
  const record: KeyRecord = {
    id: Buffer.from(random(4)).toString('hex'),
    name,
    sha256: digestOf(key).toString('hex'),
    scopes: [...new Set(scopes)],
    createdAtMs: nowMs,
    expiresAtMs,
    revokedAtMs: null,
  };
  if (keys.some(({ id }) => id === record.id))
    throw fail('USAGE', { what: `there is a key ${record.id} already`, where: path, remedy: 'try once more' });
  writeKeys(path, [...keys, record]);
  return { key, record };
}

/** Ends a key; servers notice at their next request. Errors: USAGE for an unknown id. */
export function revokeKey(path: string, id: string, nowMs: number): KeyRecord {
  const keys = readKeys(path);
  const found = keys.find((key) => key.id === id);
  if (found === undefined)
    throw fail('USAGE', {
      what: `there is no key ${id.slice(0, 40)}`,
      where: path,
      remedy: '`octavo keys list` shows the ids',
    });
  const revoked = { ...found, revokedAtMs: found.revokedAtMs ?? nowMs };
  writeKeys(
    path,
    keys.map((key) => (key === found ? revoked : key)),
  );
  return revoked;
}

export const isLive = ({ revokedAtMs, expiresAtMs }: KeyRecord, nowMs: number): boolean =>
  revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);

export type KeyVerdict =
  | { readonly kind: 'allowed'; readonly keyId: string | undefined }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'out-of-scope'; readonly keyId: string };

/** Judges `Authorization` headers by a file of keys. */
export interface KeyRing {
  /** Whether requests need a key now. */
  readonly demanded: () => boolean;
  readonly check: (authorization: string | undefined, scope: KeyScope) => KeyVerdict;
}

/** For a server that asks for no keys. */
export const openRing: KeyRing = { demanded: () => false, check: () => ({ kind: 'allowed', keyId: undefined }) };

/**
 * Follows the file: it is read again when it changed, so a new or revoked key counts at the next request. Once there were
 * keys they stay demanded: a file that is lost or damaged later lets nobody in.
 */
export function followKeys(
  path: string,
  { now, onFault }: { readonly now: () => number; readonly onFault: (error: unknown) => void },
): KeyRing {
  let stamp = keyFileStamp(path);
  let keys = readKeys(path);
  let demanded = keys.length > 0;
  const refresh = (): void => {
    const current = keyFileStamp(path);
    if (current === stamp) return;
    stamp = current;
    try {
      keys = readKeys(path);
    } catch (error) {
      keys = [];
      demanded = true;
      onFault(error);
    }
    if (keys.length > 0) demanded = true;
  };
  return {
    demanded: () => {
      refresh();
      return demanded;
    },
    check: (authorization, scope) => {
      refresh();
      if (!demanded) return { kind: 'allowed', keyId: undefined };
      const given = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization ?? '')?.[1] ?? '';
      const digest = digestOf(given);
      // Every key is compared, whatever was found: the time says nothing of which keys there are.
      let found: KeyRecord | undefined;
      for (const key of keys)
        if (timingSafeEqual(digest, Buffer.from(key.sha256, 'hex')) && isLive(key, now())) found = key;
      if (found === undefined) return { kind: 'unknown' };
      return found.scopes.includes(scope) || found.scopes.includes('admin')
        ? { kind: 'allowed', keyId: found.id }
        : { kind: 'out-of-scope', keyId: found.id };
    },
  };
}
