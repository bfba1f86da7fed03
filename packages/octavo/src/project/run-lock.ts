/**
 * One writer a run. The lock is a folder of numbered claims; the highest one holds. A claim is a file made whole beside
 * and linked into place, so of any number of processes exactly one makes number n; it is made only when claim n − 1 is
 * released or its process is gone. The highest claim is never removed, so numbers only rise and a slow process cannot
 * revive an old one: it finds a higher claim after linking its own, and gives up.
 */
import { randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';
import { livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.js';

interface Claim {
  readonly number: number;
  readonly holder: ProcessIdentity | 'released' | 'unreadable';
}

const isText = (value: unknown): value is string => typeof value === 'string';

const parseClaim = (text: string): Claim['holder'] => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return 'unreadable';
    const field = (name: string): unknown => Reflect.get(value, name);
    if (field('released') === true) return 'released';
    const [host, pid, started, scope] = [field('host'), field('pid'), field('started'), field('scope')];
    if (!isText(host) || typeof pid !== 'number' || !isText(started) || !isText(scope)) return 'unreadable';
    return { host, pid, started, scope };
  } catch {
    return 'unreadable';
  }
};

const claimFile = (folder: string, number: number): string => join(folder, `${number}.json`);

const highestClaim = (folder: string): Claim | undefined => {
  for (;;) {
    const numbers = readdirSync(folder).flatMap((name) =>
      /^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : [],
    );
    if (numbers.length === 0) return undefined;
    const number = Math.max(...numbers);
    try {
      return { number, holder: parseClaim(readFileSync(claimFile(folder, number), 'utf8')) };
    } catch (error) {
      // Two higher claims came while this one was read: look again.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
};

/** The process that holds the lock, if one may still run. */
export const lockHolder = (folder: string): ProcessIdentity | undefined => {
  let claim: Claim | undefined;
  try {
    claim = highestClaim(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  if (claim === undefined || typeof claim.holder === 'string') return undefined;
  return livenessOf(claim.holder) === 'dead' ? undefined : claim.holder;
};

const locked = (folder: string, where: string, holder: ProcessIdentity) =>
  fail('RUN_LOCKED', {
    what: `process ${holder.pid} on ${holder.host} is writing to this run`,
    where,
    remedy:
      livenessOf(holder) === 'alive'
        ? `wait for it, stop it with \`kill ${holder.pid}\`, or start another run with --run`
        : `it cannot be seen from here: if it no longer runs, delete ${folder} and start again`,
  });

/** True if claim `number` was made, false if another process made it first. */
const tryClaim = (folder: string, number: number): boolean => {
  const beside = join(folder, `.claim-${process.pid}-${randomBytes(6).toString('hex')}`);
  writeFileSync(beside, JSON.stringify(ownIdentity()), { flag: 'wx' });
  try {
    linkSync(beside, claimFile(folder, number));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
};

export interface RunLock {
  readonly release: () => void;
}

const removeOlder = (folder: string, number: number): void => {
  for (const name of readdirSync(folder)) {
    // The claim just below stays: a reader may be between listing and reading.
    if (/^\d+\.json$/.test(name) && Number.parseInt(name, 10) < number - 1) rmSync(join(folder, name), { force: true });
  }
};

const releasedText = JSON.stringify({ released: true });

/**
 * Whole, but not synced: a claim of before a power loss counts as released anyway, as its process is gone. On a full disk
 * the claim is emptied, which needs no space, and an unreadable claim holds nothing.
 */
const releaseUnsynced = (file: string): void => {
  const beside = join(dirname(file), `.claim-${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(beside, releasedText, { flag: 'wx' });
    renameSync(beside, file);
  } catch {
    truncateSync(file);
  }
};

const release = (file: string, isSynced: boolean): void => {
  try {
    if (isSynced) writeFileAtomic(file, releasedText);
    else releaseUnsynced(file);
  } catch {
    // On a full disk the claim stays and goes stale as this process ends: the error that filled it is the one to tell.
  }
};

/**
 * Takes the lock or says who holds it; a dead holder's lock is taken over. `where` names the run in the error;
 * `sync: false` is for locks that are taken many times a second.
 * Errors: RUN_LOCKED.
 */
export const acquireLock = (
  folder: string,
  where: string,
  { sync = true }: { readonly sync?: boolean } = {},
): RunLock => {
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const last = highestClaim(folder);
    if (last !== undefined && typeof last.holder !== 'string' && livenessOf(last.holder) !== 'dead')
      throw locked(folder, where, last.holder);
    const number = (last?.number ?? 0) + 1;
    if (!tryClaim(folder, number)) continue;
    if ((highestClaim(folder)?.number ?? 0) > number) {
      rmSync(claimFile(folder, number), { force: true });
      continue;
    }
    removeOlder(folder, number);
    return { release: () => release(claimFile(folder, number), sync) };
  }
};
