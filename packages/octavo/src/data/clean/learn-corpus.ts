import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { SourceDocument } from '../document.js';
import { alignedCopy, type CorpusPass } from '../filters/corpus-pass.js';
import type { CorpusStage } from '../filters/corpus-stage.js';
import { repairText } from '../filters/document-stage.js';
import { readSealed, writeSealed } from '../scale/sealed-file.js';
import { shardPath, sharedShards } from '../scale/shared-shards.js';
import type { CleanSection } from '../section.js';

const Sources = z.array(z.tuple([z.string(), z.number()]));

/** Takes over what a pass left in another process; undefined where there is no whole file. */
async function readLearned(path: string, { memory }: CorpusPass, { ofSource }: CorpusStage): Promise<true | undefined> {
  const file = await readSealed(path);
  const size = memory.reduce((sum, { length }) => sum + length, 0);
  let at = (file?.indexOf('\n') ?? 0) + 1;
  if (file?.length !== at + size) return undefined;
  for (const [name, documents] of Sources.parse(JSON.parse(file.toString('utf8', 0, at))))
    ofSource.set(name, documents);
  for (const table of memory) {
    table.set(file.subarray(at, at + table.length));
    at += table.length;
  }
  return true;
}

/** Where what a pass left lies. It stays when the shards are gone: for a person who asks why. */
const sumFolder = (folder: string, pass: number): string => join(folder, 'corpus', String(pass));
/** Where what the shards teach lies, until they are done. */
export const lessonsFolder = (folder: string): string => join(folder, 'lessons');

const recallPass = (folder: string, number: number, pass: CorpusPass, stage: CorpusStage) =>
  readLearned(shardPath(sumFolder(folder, number), 0), pass, stage);

/** What the corpus of the work folder taught, again in the stage; undefined where it is gone. */
export async function recallCorpus<Stage extends CorpusStage>(
  stage: Stage,
  folder: string,
): Promise<Stage | undefined> {
  for (const [number, pass] of stage.passes.entries())
    if ((await recallPass(folder, number, pass, stage)) === undefined) return undefined;
  return stage;
}

interface Learning {
  readonly section: CleanSection;
  /** The work folder of the clean step. */
  readonly folder: string;
  readonly shards: number;
  readonly batches: (shard: number) => AsyncGenerator<readonly SourceDocument[], void, undefined>;
  /** To be called when a pass is done with a shard. */
  readonly onShard: (shard: number) => void;
  readonly signal: AbortSignal;
}

/** Asks for what was measured of the documents of a shard, where anything was. */
export type MeasuredShard = (shard: number) => Promise<Float64Array | undefined>;

/**
 * Passes before the first, where rules need to have seen the whole corpus. Each is shared: processes find out what the
 * shards teach, one of them adds that up in order, and the others take over the sum.
 */
export async function learnCorpus(
  stage: CorpusStage,
  { section, folder, shards, batches, onShard, signal }: Learning,
): Promise<MeasuredShard> {
  let last: MeasuredShard = async () => undefined;
  for (const [number, pass] of stage.passes.entries()) {
    const lessons = sharedShards<Uint8Array>({
      folder: join(lessonsFolder(folder), String(number)),
      count: shards,
      make: async (shard, alive) => {
        const { observe, lesson } = pass.begin();
        for await (const batch of batches(shard)) {
          for (const { source, text } of batch) observe(source, repairText(text, section).text);
          await setImmediate();
          alive();
        }
        return lesson();
      },
      write: writeSealed,
      read: readSealed,
      signal,
    });
    const sum = sharedShards<true>({
      folder: sumFolder(folder, number),
      count: 1,
      make: async (_, alive) => {
        for await (const lesson of lessons.results()) {
          pass.take(lesson);
          alive();
        }
        return true;
      },
      write: (path) => writeSealed(path, Buffer.from(`${JSON.stringify([...stage.ofSource])}\n`), ...pass.memory),
      read: (path) => readLearned(path, pass, stage),
      signal,
    });
    last = async (shard) => new Float64Array(alignedCopy(await lessons.result(shard)));
    if ((await recallPass(folder, number, pass, stage)) !== undefined) continue;
    await lessons.run(onShard);
    const own = await sum.run(() => {});
    if (own === 0) await sum.result(0);
  }
  return stage.measures ? last : async () => undefined;
}
