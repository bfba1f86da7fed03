/**
 * Who works on which shard: one file a shard, made by exactly one process of any number, on any host that sees the
 * folder (creating a file that must not exist is atomic on NFS too). A claim whose process is gone is taken over; where
 * that cannot be seen, one that nobody has touched for a while. Two who still do one shard do no harm: both rename the
 * same bytes into place.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { livenessOf, ownIdentity } from '../../project/index.js';

const Holder = z.object({ host: z.string(), pid: z.number(), started: z.string(), scope: z.string() });

/** A claim of another host that was not touched for so long is abandoned. */
const abandonedMs = 60_000;
const touchMs = 5_000;

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Where nothing lies any more, nothing needs to be done. */
const unlessGone = (act: () => void): boolean => {
  try {
    act();
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
};

const isAbandoned = (path: string): boolean => {
  let isOld = false;
  let text = '';
  const exists = unlessGone(() => {
    isOld = Date.now() - statSync(path).mtimeMs > abandonedMs;
    text = readFileSync(path, 'utf8');
  });
  if (!exists) return false;
  let holder: z.infer<typeof Holder>;
  try {
    holder = Holder.parse(JSON.parse(text));
  } catch {
    // Made and not yet written, or its writer died in between.
    return isOld;
  }
  const liveness = livenessOf(holder);
  return liveness === 'dead' || (liveness === 'unknown' && isOld);
};

export interface Claim {
  /** To be called now and then while the work lasts. */
  readonly touch: () => void;
  readonly release: () => void;
}

/** Claims of the shards of one piece of work, in a folder. */
export function claims(folder: string) {
  mkdirSync(folder, { recursive: true });
  const tryMake = (path: string): boolean => {
    try {
      writeFileSync(path, JSON.stringify(ownIdentity()), { flag: 'wx' });
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  };
  return {
    /** Undefined while another process holds it. */
    take: (name: string): Claim | undefined => {
      const path = join(folder, name);
      if (!tryMake(path)) {
        if (!isAbandoned(path)) return undefined;
        const aside = `${path}.abandoned-${randomBytes(6).toString('hex')}`;
        const moved = unlessGone(() => renameSync(path, aside));
        if (moved) rmSync(aside, { force: true });
        if (!tryMake(path)) return undefined;
      }
      let touchedMs = Date.now();
      return {
        touch: () => {
          const nowMs = Date.now();
          if (nowMs - touchedMs < touchMs) return;
          touchedMs = nowMs;
          unlessGone(() => utimesSync(path, nowMs / 1000, nowMs / 1000));
        },
        release: () => rmSync(path, { force: true }),
      };
    },
  };
}
