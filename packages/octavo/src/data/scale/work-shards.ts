import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { claims } from './claims.js';

export interface ShardWork {
  readonly folder: string;
  readonly shards: number;
  readonly pathOf: (shard: number) => string;
  /** Does a shard and leaves its file; calls `alive` now and then. */
  readonly make: (shard: number, alive: () => void) => Promise<void>;
  /** Hears of each shard once it is done, by whomever. */
  readonly onDone: (shard: number, isOurs: boolean) => void;
  readonly signal: AbortSignal;
}

const pauseMs = 200;

/** Works, beside any number of other processes, until every shard is done. Returns how many it did itself. */
export async function workShards({ folder, shards, pathOf, make, onDone, signal }: ShardWork): Promise<number> {
  const shared = claims(folder);
  const open = new Set(Array.from({ length: shards }, (_, shard) => shard));
  let own = 0;
  while (open.size > 0) {
    let isIdle = true;
    for (const shard of open) {
      signal.throwIfAborted();
      if (existsSync(pathOf(shard))) {
        open.delete(shard);
        onDone(shard, false);
        continue;
      }
      const claim = shared.take(`${shard}.claim`);
      if (claim === undefined) continue;
      try {
        // Done and released by another between the two looks.
        if (existsSync(pathOf(shard))) continue;
        await make(shard, claim.touch);
        own++;
        isIdle = false;
        open.delete(shard);
        onDone(shard, true);
      } finally {
        claim.release();
      }
    }
    if (open.size > 0 && isIdle) await sleep(pauseMs, undefined, { signal });
  }
  return own;
}
