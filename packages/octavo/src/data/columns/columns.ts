import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../../core/index.js';
import { type Row, readDocuments, verifyChecksum, writeDocuments } from '../../formats/index.js';
import { canonicalJson, sha256 } from '../../project/index.js';
import { documentVector, trainWordVectors, vectorLines } from '../../text/index.js';
import { readSummary } from '../read-summary.js';
import { claims } from '../scale/claims.js';
import { rowsOf, shardPlan } from '../scale/shard-plan.js';
import { sharedShards } from '../scale/shared-shards.js';
import { CleanSummary } from '../summaries.js';
import { columns, rowMaker } from './column-rows.js';
import type { ColumnsSection } from './fields.js';

/** Raised when the same documents and section could give other columns. */
const version = 2;
/** A document's row is so many times as long as its text, and shards are made for texts. */
const widthOfRow = 8;

export interface ColumnsPlace {
  readonly section: ColumnsSection;
  readonly cacheFolder: string;
  /** The folder of the clean step. */
  readonly from: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

export const ColumnsSummary = z.object({
  key: z.string(),
  documents: z.number(),
  words: z.number(),
  languages: z.record(z.string(), z.number()),
  /** Words that have a vector. */
  vectors: z.number().optional(),
});
export type ColumnsSummary = z.infer<typeof ColumnsSummary>;

type ColumnRow = Row<typeof columns>;
/** Rows of a shard, each as JSON: a tenth of the memory that their words would take. */
type Lines = readonly string[];

const writeLines = (path: string, lines: Lines): void => {
  const body = lines.join('\n');
  writeFileAtomic(path, `${createHash('sha256').update(body).digest('hex')}\n${body}`);
};

const readLines = async (path: string): Promise<Lines | undefined> => {
  const [hash, ...lines] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  return createHash('sha256').update(lines.join('\n')).digest('hex') === hash ? lines : undefined;
};

/** What `writeLines` was given, so nothing else. */
const parseRow = (line: string): ColumnRow => JSON.parse(line) as ColumnRow;

/**
 * Columns for classical tasks beside the cleaned documents, row by row in their order: `columns.parquet` and, with vectors,
 * `word-vectors.txt`. Any number of processes share the work; undefined where another writes the end of it.
 * Errors: RUN_ABSENT, TABLE_CORRUPT, PACKAGE_ABSENT, FILE_NOT_WRITTEN.
 */
export async function writeColumns(
  { section, cacheFolder, from, folder, signal }: ColumnsPlace,
  onProgress: (done: number, total: number) => void,
): Promise<ColumnsSummary | undefined> {
  const input = join(from, 'documents.parquet');
  const documents = await readFile(`${input}.sha256`, 'utf8');
  const key = sha256(canonicalJson({ version, icu: process.versions['icu'] ?? '', documents, section })).slice(0, 32);
  const written = async () => {
    const summary = await readSummary(folder, ColumnsSummary).catch(() => undefined);
    return summary?.key === key ? summary : undefined;
  };
  const before = await written();
  if (before !== undefined) return before;

  await verifyChecksum(input);
  const { kept, bytesKept } = await readSummary(from, CleanSummary);
  const plan = shardPlan({ documents: kept, bytes: widthOfRow * bytesKept });
  const withVector = section.include.includes('vector');
  const total = kept * (withVector ? 4 : 2);
  let done = 0;
  const count = (documents: number): void => {
    done += documents;
    onProgress(done, total);
  };

  const work = join(cacheFolder, 'columns', key);
  let maker: Awaited<ReturnType<typeof rowMaker>> | undefined;
  const make = async (shard: number, alive: () => void): Promise<Lines> => {
    maker ??= await rowMaker(section.include);
    const lines: string[] = [];
    const rows = rowsOf(plan, shard);
    for await (const batch of readDocuments(input, { columns: { id: 'text', text: 'text' }, rows }))
      for (const { id, text } of batch) {
        // Ctrl-C is heard here, and others see that we live.
        await setImmediate();
        signal.throwIfAborted();
        alive();
        lines.push(JSON.stringify(maker(id, text)));
      }
    return lines;
  };
  const shards = sharedShards({ folder: work, count: plan.shards, make, write: writeLines, read: readLines, signal });
  await shards.reopen();
  await shards.run((shard) => count(rowsOf(plan, shard).count));

  const claim = claims(join(work, 'claims')).take('end.claim');
  if (claim === undefined) return undefined;
  try {
    const meanwhile = await written();
    if (meanwhile !== undefined) return meanwhile;
    const read = async function* () {
      for await (const lines of shards.results())
        for (const line of lines) {
          await setImmediate();
          signal.throwIfAborted();
          claim.touch();
          count(1);
          yield parseRow(line);
        }
    };
    const corpus = async function* () {
      for await (const { words } of read()) yield words;
    };
    const vectors = withVector ? await trainWordVectors(corpus, section.vectors) : undefined;
    const vectorOf = vectors === undefined ? undefined : documentVector(vectors);
    const languages: Record<string, number> = {};
    let words = 0;
    const rows = async function* () {
      for await (const row of read()) {
        languages[row.language] = (languages[row.language] ?? 0) + 1;
        words += row.words.length;
        yield { ...row, vector: vectorOf?.(row.words) };
      }
    };
    await mkdir(folder, { recursive: true });
    await rm(join(folder, 'summary.json'), { force: true });
    await writeDocuments(join(folder, 'columns.parquet'), { columns }, rows());
    const text = join(folder, 'word-vectors.txt');
    await rm(text, { force: true });
    if (vectors !== undefined) {
      await writeFile(`${text}.partial`, vectorLines(vectors));
      await rename(`${text}.partial`, text);
    }
    const summary = { key, documents: kept, words, languages, ...(vectors && { vectors: vectors.words.length }) };
    writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
    await shards.finish();
    return summary;
  } finally {
    claim.release();
  }
}
