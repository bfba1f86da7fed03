import { setTimeout as sleep } from 'node:timers/promises';
import { fail, OctavoError } from '../../core/index.js';
import { acquireLock, type RunLock } from '../../project/index.js';

/** How long a process waits for its turn at a database file. */
const waitMs = 20_000;

/**
 * Waits until no other process uses the file; one that was killed no longer counts. The longer it waits the rarer it asks.
 * Errors: STORE_BUSY.
 */
export async function takeTurn(file: string, longestMs: number = waitMs): Promise<RunLock> {
  const begun = performance.now();
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 1.5, 40)) {
    try {
      return acquireLock(`${file}.turn`, file, { sync: false });
    } catch (cause) {
      if (!(cause instanceof OctavoError) || cause.code !== 'RUN_LOCKED') throw cause;
      if (performance.now() - begun > longestMs)
        throw fail('STORE_BUSY', {
          what: `another program has used the database for ${Math.round(longestMs / 1000)} s: ${cause.what}`,
          where: file,
          remedy: cause.remedy ?? 'try again',
          cause,
        });
      await sleep(pauseMs);
    }
  }
}
