import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../../core/index.js';
import type { SourceDocument } from '../document.js';
import type { CorpusStage } from '../filters/corpus-stage.js';
import { repairText } from '../filters/document-stage.js';
import { shardPath, sharedShards } from '../scale/shared-shards.js';
import type { CleanSection } from '../section.js';

const Sources = z.array(z.tuple([z.string(), z.number()]));
const digestBytes = 32;
const sha256Of = (parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** What was learned in one file: a SHA-256, a line of JSON on the sources, the tables. */
function writeLearned(path: string, { memory, ofSource }: CorpusStage): void {
  const parts = [Buffer.from(`${JSON.stringify([...ofSource])}\n`), ...memory];
  writeFileAtomic(path, Buffer.concat([sha256Of(parts), ...parts]));
}

/** Takes over what another learned; undefined where there is no whole file. */
async function readLearned(path: string, { memory, ofSource }: CorpusStage): Promise<true | undefined> {
  const file = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const body = file.subarray(digestBytes);
  const tables = body.indexOf('\n') + 1;
  const size = memory.reduce((sum, { length }) => sum + length, 0);
  if (body.length !== tables + size || !sha256Of([body]).equals(file.subarray(0, digestBytes))) return undefined;
  for (const [name, documents] of Sources.parse(JSON.parse(body.toString('utf8', 0, tables))))
    ofSource.set(name, documents);
  let at = tables;
  for (const table of memory) {
    table.set(body.subarray(at, at + table.length));
    at += table.length;
  }
  return true;
}

/** Stays when the shards are gone: for a person who asks why. */
const lessonOf = (folder: string): string => join(folder, 'corpus');

/** What the corpus of the work folder taught, again in the stage; undefined where it is gone. */
export const recallCorpus = <Stage extends CorpusStage>(stage: Stage, folder: string): Promise<Stage | undefined> =>
  readLearned(shardPath(lessonOf(folder), 0), stage).then((found) => found && stage);

interface Learning {
  readonly section: CleanSection;
  /** The work folder of the clean step. */
  readonly folder: string;
  readonly batches: () => AsyncGenerator<readonly SourceDocument[], void, undefined>;
  readonly signal: AbortSignal;
}

/**
 * Passes before the first, where rules need to have seen the whole corpus: one process makes them, the others wait and
 * take over what it learned.
 */
export async function learnCorpus(stage: CorpusStage, { section, folder, batches, signal }: Learning): Promise<void> {
  if (stage.passes.length === 0) return;
  const make = async (_: number, alive: () => void): Promise<true> => {
    for (const pass of stage.passes)
      for await (const batch of batches()) {
        for (const { source, text } of batch) pass(source, repairText(text, section).text);
        await setImmediate();
        alive();
      }
    return true;
  };
  const lesson = sharedShards<true>({
    folder: lessonOf(folder),
    count: 1,
    make,
    write: (path) => writeLearned(path, stage),
    read: (path) => readLearned(path, stage),
    signal,
  });
  const isOurs = (await lesson.run(() => {})) === 1;
  if (!isOurs) for await (const _ of lesson.results()) return;
}
