import { type CleanPlace, cleanFolder, cleanWork } from '../clean/clean-work.js';
import { type TokenizePlace, tokenizeFolder, tokenizeWork } from '../tokenize-work.js';
import { isFinished } from './shared-shards.js';

/** Work that other processes can share, as it is told to them. */
export type Work =
  | { readonly kind: 'clean'; readonly place: Omit<CleanPlace, 'signal' | 'weights'> }
  | { readonly kind: 'tokenize'; readonly place: Omit<TokenizePlace, 'signal'> };

/** Work that was opened. */
export interface OpenWork {
  readonly shards: number;
  readonly documents: number;
  /** Lets go of what it reads. */
  readonly close?: () => void;
  /** Works until every shard is done, by whomever, and hears of each; returns how many this process did. */
  readonly run: (onDone?: (documents: number, isOurs: boolean) => void) => Promise<number>;
}

export const openWork = (work: Work, signal: AbortSignal): Promise<OpenWork> =>
  work.kind === 'clean'
    ? cleanWork({ ...work.place, signal }, () => {})
    : tokenizeWork({ ...work.place, signal }, () => {});

export interface WorkDone {
  readonly shards: number;
  /** Those that this process did. */
  readonly own: number;
  readonly documents: number;
}

/**
 * Does its share beside any number of other processes, on this or other machines, until every shard is done. The step,
 * run afterwards or meanwhile, finds them. Errors: RUN_ABSENT, DATA_SOURCE.
 */
export async function workOn(
  work: Work,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (done: number, total: number) => void },
): Promise<WorkDone> {
  const folder = await (work.kind === 'clean' ? cleanFolder(work.place) : tokenizeFolder(work.place));
  let done = 0;
  let documents = 0;
  if (isFinished(folder)) return { shards: 0, own: 0, documents };
  const opened = await openWork(work, signal);
  try {
    const own = await opened.run((count, isOurs) => {
      done += count;
      if (isOurs) documents += count;
      onProgress(done, opened.documents);
    });
    return { shards: opened.shards, own, documents };
  } catch (error) {
    // The step took the shards and deleted their folders while this process was in them.
    if (!signal.aborted && isFinished(folder)) return { shards: opened.shards, own: 0, documents };
    throw error;
  } finally {
    opened.close?.();
  }
}
