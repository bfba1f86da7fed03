import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readDocuments, verifyChecksum } from '../../formats/index.js';
import { canonicalJson, hashFile, sha256 } from '../../project/index.js';
import { documentColumns, type SourceDocument } from '../document.js';
import { fingerprint } from '../duplicates/near-duplicates.js';
import { corpusStage } from '../filters/corpus-stage.js';
import { documentStage } from '../filters/document-stage.js';
import { judgeFiles, loadJudges } from '../filters/judges.js';
import { fillMissing, missingFields } from '../filters/missing.js';
import type { Measured } from '../filters/outliers.js';
import { rulesOf } from '../filters/rules.js';
import { readSummary } from '../read-summary.js';
import { type Cleaned, readShard, writeShard } from '../scale/shard-file.js';
import { rowsOf, shardPlan } from '../scale/shard-plan.js';
import { sharedShards } from '../scale/shared-shards.js';
import type { CleanSection } from '../section.js';
import { CollectSummary } from '../summaries.js';
import { excerptOf } from './excerpt.js';
import { learnCorpus, lessonsFolder, type MeasuredShard } from './learn-corpus.js';
import { readEvaluations } from './read-evaluations.js';

export interface CleanPlace {
  readonly section: CleanSection;
  readonly projectFolder: string;
  readonly cacheFolder: string;
  /** The folder of the collect step. */
  readonly from: string;
  /** Where a classifier that was trained is kept; by default nowhere. */
  readonly weights?: string;
  readonly signal: AbortSignal;
}

/** Files of the user that the section names, by their contents. */
export const cleanInputs = async (section: CleanSection, projectFolder: string) =>
  Object.fromEntries(
    await Promise.all(
      [...section.decontaminate.files, ...judgeFiles(section)].map(
        async (name) => [name, await hashFile(resolve(projectFolder, name))] as const,
      ),
    ),
  );

/** Raised when the same documents and section could give other shards. */
const shardVersion = 1;

/** Where the shards of a section over collected documents lie: the same place for every process that works on them. */
export async function cleanFolder({
  section,
  projectFolder,
  cacheFolder,
  from,
}: Omit<CleanPlace, 'signal'>): Promise<string> {
  const key = {
    version: shardVersion,
    section,
    files: await cleanInputs(section, projectFolder),
    documents: await readFile(join(from, 'documents.parquet.sha256'), 'utf8'),
    // Normal forms and classes of characters come with Node.js.
    unicode: process.versions['unicode'] ?? '',
  };
  return join(cacheFolder, 'clean', sha256(canonicalJson(key)).slice(0, 32));
}

const quietMs = 50;

/** Opens the per-document part of cleaning: what any number of processes may do side by side. Errors: RUN_ABSENT, DATA_SOURCE. */
export async function cleanWork(place: CleanPlace, onDocuments: (count: number) => void) {
  const { section, projectFolder, from, signal } = place;
  const collected = await readSummary(from, CollectSummary);
  const plan = shardPlan(collected);
  const input = join(from, 'documents.parquet');
  await verifyChecksum(input);
  const folder = await cleanFolder(place);
  await mkdir(folder, { recursive: true });
  const corpus = corpusStage(section, collected.documents);
  const own = mkdtempSync(join(folder, 'own-'));
  const judges = await loadJudges(section, { projectFolder, folder: place.weights ?? own }).finally(() =>
    rmSync(own, { recursive: true, force: true }),
  );
  const evaluations = await readEvaluations(section, projectFolder);
  const stage = documentStage(section, corpus, judges);
  const documentsOf = async function* (rows: { readonly from: number; readonly count: number }) {
    for await (const batch of readDocuments(input, { columns: documentColumns, rows })) {
      signal.throwIfAborted();
      yield batch;
    }
  };
  let learned: Promise<MeasuredShard> | undefined;
  const learn = () =>
    learnCorpus(corpus, {
      section,
      folder,
      shards: plan.shards,
      batches: (shard) => documentsOf(rowsOf(plan, shard)),
      onShard: (shard) => onDocuments(rowsOf(plan, shard).count),
      signal,
    });
  const missing = rulesOf(section.missing, missingFields);
  const clean = (document: SourceDocument, measured: Measured | undefined): Cleaned => {
    const { text, ...staged } = stage(document.text, document.source, true, measured);
    const filled = missing === undefined ? undefined : fillMissing(document, text, missing);
    const dropped = staged.dropped ?? filled?.dropped;
    if (dropped !== undefined) return { kind: 'dropped', ...dropped, excerpt: excerptOf(text) };
    const changes = { ...staged.changes, ...filled?.changes };
    const hit = evaluations.hit(text);
    if (hit !== undefined) {
      const detail = `${hit.item} has "${hit.words}"`;
      return { kind: 'dropped', reason: 'contaminated', detail, excerpt: excerptOf(text) };
    }
    const digest = createHash('sha256').update(text).digest();
    const print = section.nearDuplicates ? fingerprint(text) : { keys: [], runs: new Int32Array() };
    return { kind: 'kept', text, changes, digest, print };
  };
  const make = async (shard: number, alive: () => void): Promise<readonly Cleaned[]> => {
    learned ??= learn();
    const values = await (await learned)(shard);
    const done: Cleaned[] = [];
    let restedMs = performance.now();
    for await (const batch of documentsOf(rowsOf(plan, shard)))
      for (const document of batch) {
        done.push(clean(document, values && { values, at: done.length }));
        if (performance.now() - restedMs < quietMs) continue;
        // Ctrl-C is heard here, and others see that we live.
        await setImmediate();
        signal.throwIfAborted();
        alive();
        restedMs = performance.now();
      }
    return done;
  };
  const shards = sharedShards({ folder, count: plan.shards, make, write: writeShard, read: readShard, signal });
  return {
    ...shards,
    collected,
    documents: collected.documents,
    shards: plan.shards,
    passes: corpus.passes.length,
    finish: async (): Promise<void> => {
      await shards.finish();
      await rm(lessonsFolder(folder), { recursive: true, force: true });
    },
    trained: judges.trained,
    run: (onDone: (documents: number, isOurs: boolean) => void = () => {}): Promise<number> =>
      shards.run((shard, isOurs) => {
        const { count } = rowsOf(plan, shard);
        onDocuments(count);
        onDone(count, isOurs);
      }),
  };
}
