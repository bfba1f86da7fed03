import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CleanPlace, cleanWork, doneMark, workFolder } from '../clean/clean-work.js';

export interface WorkDone {
  readonly shards: number;
  /** Those that this process did. */
  readonly own: number;
  readonly documents: number;
}

/**
 * Does its share of cleaning beside any number of other processes, on this or other machines, until every shard is done.
 * The clean step, run afterwards or meanwhile, finds them. Errors: RUN_ABSENT, DATA_SOURCE.
 */
export async function workOnClean(
  place: CleanPlace,
  onProgress: (done: number, total: number) => void,
): Promise<WorkDone> {
  const isFinished = async () => existsSync(join(await workFolder(place), doneMark));
  let done = 0;
  let documents = 0;
  if (await isFinished()) return { shards: 0, own: 0, documents };
  const work = await cleanWork(place, () => {});
  try {
    const own = await work.run((count, isOurs) => {
      done += count;
      if (isOurs) documents += count;
      onProgress(done, work.plan.documents);
    });
    return { shards: work.plan.shards, own, documents };
  } catch (error) {
    // The step took the shards and deleted them while this process looked for one to do.
    if (!place.signal.aborted && (await isFinished())) return { shards: work.plan.shards, own: 0, documents };
    throw error;
  }
}
