/** What a person asks about the data of a run: how much came in, what was left out and why, what became of one document. */
import { join } from 'node:path';
import { z } from 'zod';
import { readDocuments } from '../formats/index.js';
import { cleanColumns } from './clean.js';
import { type DroppedDocument, documentColumns, droppedColumns, dropReasons } from './document.js';
import { limits } from './limits.js';
import { splits } from './plan-split.js';
import { readSummary } from './read-summary.js';
import { CleanSummary, CollectSummary, SplitSummary, TokenizeSummary } from './summaries.js';

/** Paths of the steps' folders below a run's `artifacts` folder. */
const at = (artifacts: string, step: 'collect' | 'clean' | 'split' | 'tokenize'): string => join(artifacts, step);

export interface DataSummary {
  readonly collected: z.infer<typeof CollectSummary>;
  readonly cleaned: z.infer<typeof CleanSummary>;
  readonly split: SplitSummary;
  /** Absent until the tokenize step has run. */
  readonly tokens: TokenizeSummary | undefined;
}

/** The counts of all data steps of a run; `artifacts` is its artifacts folder. Errors: RUN_ABSENT, FILE_INVALID. */
export async function dataSummary(artifacts: string): Promise<DataSummary> {
  return {
    collected: await readSummary(at(artifacts, 'collect'), CollectSummary),
    cleaned: await readSummary(at(artifacts, 'clean'), CleanSummary),
    split: await readSummary(at(artifacts, 'split'), SplitSummary),
    tokens: await readSummary(at(artifacts, 'tokenize'), TokenizeSummary).catch(() => undefined),
  };
}

const Dropped: z.ZodType<DroppedDocument> = z.object({
  id: z.string(),
  source: z.string(),
  reason: z.enum(dropReasons),
  detail: z.string(),
  excerpt: z.string(),
});

/** Dropped documents in the order met, those of one reason or family of reasons if it is given. Errors: TABLE_CORRUPT. */
export async function listDropped(
  artifacts: string,
  { reason, limit = 20 }: { readonly reason?: string; readonly limit?: number } = {},
): Promise<readonly DroppedDocument[]> {
  const found: DroppedDocument[] = [];
  if (limit <= 0) return found;
  for await (const batch of readDocuments(join(at(artifacts, 'clean'), 'dropped.parquet'), {
    columns: droppedColumns,
  })) {
    for (const row of batch) {
      if (reason !== undefined && row.reason !== reason && !row.reason.startsWith(`${reason}.`)) continue;
      found.push(Dropped.parse(row));
      if (found.length >= limit) return found;
    }
  }
  return found;
}

export type Fate =
  | { readonly kind: 'unknown'; readonly alike: readonly string[] }
  | ({ readonly kind: 'dropped' } & DroppedDocument)
  /** Stayed in cleaning, and drawn no time for the mixture. */
  | { readonly kind: 'left-out' }
  | {
      readonly kind: 'kept';
      readonly id: string;
      readonly source: string;
      readonly split: (typeof splits)[number];
      readonly bytes: number;
      /** The first document of those that this one is like: itself if there are none. */
      readonly cluster: string;
      readonly excerpt: string;
    };

async function findKept(artifacts: string, id: string): Promise<Fate | undefined> {
  for (const split of splits) {
    for await (const batch of readDocuments(join(at(artifacts, 'split'), `${split}.parquet`), {
      columns: cleanColumns,
    })) {
      const row = batch.find((one) => one.id === id);
      if (row === undefined) continue;
      const { source, bytes, cluster, text } = row;
      return { kind: 'kept', id, source, split, bytes, cluster, excerpt: text.slice(0, limits.excerptCharacters) };
    }
  }
  return undefined;
}

/** What became of a document; an unknown id is answered with ids that contain it. Errors: TABLE_CORRUPT. */
export async function why(artifacts: string, id: string): Promise<Fate> {
  const kept = await findKept(artifacts, id);
  if (kept !== undefined) return kept;
  for await (const batch of readDocuments(join(at(artifacts, 'clean'), 'dropped.parquet'), {
    columns: droppedColumns,
  })) {
    const row = batch.find((one) => one.id === id);
    if (row !== undefined) return { kind: 'dropped', ...Dropped.parse(row) };
  }
  for await (const batch of readDocuments(join(at(artifacts, 'clean'), 'documents.parquet'), {
    columns: { id: 'text' },
  }))
    if (batch.some((one) => one.id === id)) return { kind: 'left-out' };
  const alike: string[] = [];
  for await (const batch of readDocuments(join(at(artifacts, 'collect'), 'documents.parquet'), {
    columns: { id: documentColumns.id },
  })) {
    for (const row of batch) if (row.id.includes(id) && alike.length < 10) alike.push(row.id);
  }
  return { kind: 'unknown', alike };
}

export interface DuplicateCluster {
  /** The document that stays. */
  readonly kept: string;
  readonly members: readonly { readonly id: string; readonly detail: string }[];
}

const sameAs = /^(?:the same as|the address of|\d+ % as) ([\s\S]*)$/;

/** Documents that were dropped for another, by that other: the largest clusters first. Errors: TABLE_CORRUPT. */
export async function duplicates(artifacts: string, { limit = 20 } = {}): Promise<readonly DuplicateCluster[]> {
  const clusters = new Map<string, { id: string; detail: string }[]>();
  for await (const batch of readDocuments(join(at(artifacts, 'clean'), 'dropped.parquet'), {
    columns: droppedColumns,
  })) {
    for (const { id, reason, detail } of batch) {
      const kept = reason.endsWith('-duplicate') ? sameAs.exec(detail)?.[1] : undefined;
      if (kept === undefined) continue;
      const members = clusters.get(kept) ?? [];
      clusters.set(kept, members);
      members.push({ id, detail });
    }
  }
  return [...clusters]
    .map(([kept, members]) => ({ kept, members }))
    .toSorted((a, b) => b.members.length - a.members.length || (a.kept < b.kept ? -1 : 1))
    .slice(0, limit);
}
