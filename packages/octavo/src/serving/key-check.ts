import { timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { type Clock, fail } from '../core/index.js';
import { type KeyScope, readKeyFile } from './key-file.js';
import { digestOf, stateOf } from './keys.js';

export type KeyVerdict =
  | { readonly kind: 'granted'; readonly keyId: string }
  | { readonly kind: 'refused'; readonly reason: 'missing' | 'invalid' | 'scope' }
  /** The file is gone or damaged: nobody gets in until it is whole again. */
  | { readonly kind: 'unavailable' };

/** Decides about requests by the keys in a file as it is now. */
export interface KeyCheck {
  readonly check: (authorization: string | undefined, scope: KeyScope) => KeyVerdict;
  /** How many keys are valid now. */
  readonly valid: () => number;
}

interface Known {
  readonly id: string;
  readonly digest: Buffer;
  readonly scopes: readonly KeyScope[];
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
}

/** Reads the file now and whenever it has changed. Errors: KEYS_UNREADABLE. */
export function openKeys(path: string, clock: Clock): KeyCheck {
  let seen = '';
  let keys: readonly Known[] = [];

  const refresh = (): void => {
    const { ino, mtimeNs, size, mode } = statSync(path, { bigint: true });
    const stamp = `${ino} ${mtimeNs} ${size} ${mode}`;
    if (stamp === seen) return;
    keys = readKeyFile(path).map(({ id, sha256, scopes, expiresAtMs, revokedAtMs }) => ({
      id,
      digest: Buffer.from(sha256, 'hex'),
      scopes,
      expiresAtMs,
      revokedAtMs,
    }));
    seen = stamp;
  };
  try {
    refresh();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      throw fail('KEYS_UNREADABLE', {
        what: 'there is no file of API keys',
        where: path,
        remedy: 'make a first key with `octavo keys create`',
        cause,
      });
    throw cause;
  }

  return {
    valid: () => {
      refresh();
      return keys.filter((key) => stateOf(key, clock.now()) === 'valid').length;
    },
    check: (authorization, scope) => {
      if (authorization === undefined) return { kind: 'refused', reason: 'missing' };
      try {
        refresh();
      } catch {
        return { kind: 'unavailable' };
      }
      // Unknown, malformed, expired and revoked take one path: a digest, and a comparison with every key.
      const digest = digestOf(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '');
      let found: Known | undefined;
      for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
      if (found === undefined || stateOf(found, clock.now()) !== 'valid') return { kind: 'refused', reason: 'invalid' };
      if (!found.scopes.includes(scope) && !found.scopes.includes('admin')) return { kind: 'refused', reason: 'scope' };
      return { kind: 'granted', keyId: found.id };
    },
  };
}
