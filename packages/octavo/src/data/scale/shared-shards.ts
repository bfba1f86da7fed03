import { existsSync, mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claims } from './claims.js';

export interface Shards<Result> {
  /** The same for every process that works on them. */
  readonly folder: string;
  readonly count: number;
  /** Depends on the shard's number alone; calls `alive` now and then. */
  readonly make: (shard: number, alive: () => void) => Promise<Result>;
  readonly write: (path: string, result: Result) => void | Promise<void>;
  /** Leaves something in the place of a result that is given on at once, so that nobody makes it; by default the result is written. */
  readonly mark?: (path: string, result: Result) => void;
  /** Undefined where there is no whole file. */
  readonly read: (path: string) => Promise<Result | undefined>;
  readonly signal: AbortSignal;
  /** Shards that this process has in hand at once, so that one is read while another is worked on; 1 without it. */
  readonly lanes?: number;
}

/** Stands in the folder once the step that asked for the shards has used them. */
const doneMark = 'done';

/** Where a shard lies below the folder. */
export const shardPath = (folder: string, shard: number): string =>
  join(folder, 'shards', `${String(shard).padStart(6, '0')}.shard`);

export const isFinished = (folder: string): boolean => existsSync(join(folder, doneMark));

const pauseMs = 100;

/** Shards that any number of processes make side by side, on any host that sees the folder: a file each, and a claim while it is made. */
export function sharedShards<Result>(shards: Shards<Result>) {
  const { folder, count, make, write, mark = write, read, signal, lanes = 1 } = shards;
  const files = join(folder, 'shards');
  mkdirSync(files, { recursive: true });
  const pathOf = (shard: number) => shardPath(folder, shard);
  let held: { readonly shard: number; readonly result: Result } | undefined;
  /** Those that `run` has seen done, and results that are asked for next. */
  const done = new Set<number>();
  const kept = new Map<number, Result>();
  const inHand = new Set<number>();
  let next = Number.NEGATIVE_INFINITY;
  let wake = (): void => {};
  /** Takes one open shard after another, until none is open. */
  const lane = async (open: Set<number>, onDone: (shard: number, isOurs: boolean) => void): Promise<number> => {
    const shared = claims(join(folder, 'claims'));
    let own = 0;
    // Those that other lanes have in hand are theirs.
    while ([...open].some((shard) => !inHand.has(shard))) {
      let isIdle = true;
      for (const shard of open) {
        signal.throwIfAborted();
        if (existsSync(pathOf(shard))) {
          open.delete(shard);
          onDone(shard, false);
          continue;
        }
        // They were used, and deleted while we looked for one to do.
        if (isFinished(folder)) return own;
        const claim = shared.take(`${shard}.claim`);
        if (claim === undefined) continue;
        try {
          inHand.add(shard);
          // Done and released by another between the two looks.
          if (existsSync(pathOf(shard))) continue;
          const result = await make(shard, claim.touch);
          const isNear = shard <= next + 2 * lanes;
          await (isNear ? mark : write)(pathOf(shard), result);
          if (isNear) kept.set(shard, result);
          own++;
          isIdle = false;
          open.delete(shard);
          onDone(shard, true);
        } finally {
          inHand.delete(shard);
          claim.release();
        }
      }
      if (open.size > 0 && isIdle) await sleep(pauseMs, undefined, { signal });
    }
    return own;
  };
  const one = async (shard: number): Promise<Result> => {
    signal.throwIfAborted();
    const near = held?.shard === shard ? held.result : kept.get(shard);
    const found = near ?? (await read(pathOf(shard)));
    const result = found ?? (await make(shard, () => {}));
    // A lone shard is asked for several times and never written.
    if (found === undefined) held = { shard, result };
    return result;
  };
  return {
    /** Works until every shard is done, by us or others; returns how many of them we did. */
    run: async (onDone: (shard: number, isOurs: boolean) => void): Promise<number> => {
      const open = new Set(Array.from({ length: count }, (_, shard) => shard));
      const tell = (shard: number, isOurs: boolean) => {
        done.add(shard);
        wake();
        onDone(shard, isOurs);
      };
      const ended = await Promise.allSettled(
        Array.from({ length: lanes }, () =>
          lane(open, tell).catch((error: unknown) => {
            // The others end after their shard.
            open.clear();
            throw error;
          }),
        ),
      );
      return ended.reduce((sum, one) => {
        if (one.status === 'rejected') throw one.reason;
        return sum + one.value;
      }, 0);
    },
    /** One of them; where it is not there or damaged it is made. */
    result: one,
    /**
     * All in order from one on, each as soon as it is done while `running` lasts; after that one that is not there or damaged is made.
     */
    results: async function* (
      running: Promise<unknown> = Promise.resolve(),
      from = 0,
    ): AsyncGenerator<Result, void, undefined> {
      let isOver = false;
      const over = running.then(() => {
        isOver = true;
      });
      // Heard where it is waited for.
      over.catch(() => {});
      for (let shard = from; shard < count; shard++) {
        next = shard;
        while (!isOver && !done.has(shard))
          await Promise.race([
            over,
            new Promise<void>((resolve) => {
              wake = resolve;
            }),
          ]);
        const result = await one(shard);
        kept.delete(shard);
        yield result;
      }
    },
    /** To be called before the step begins: what an earlier run of it left as finished is to be done again. */
    reopen: () => rm(join(folder, doneMark), { force: true }),
    /** Deletes the shards; processes that come late learn that nothing is left to do. */
    finish: async (): Promise<void> => {
      await writeFile(join(folder, doneMark), '');
      await rm(files, { recursive: true, force: true });
      await rm(join(folder, 'claims'), { recursive: true, force: true });
    },
  };
}
