/** What became of one document. */
import { readDocuments } from '../../formats/index.js';
import { cleanColumns } from '../clean.js';
import { type DroppedDocument, documentColumns, droppedColumns } from '../document.js';
import { limits } from '../limits.js';
import { splits } from '../plan-split.js';
import { Dropped } from './sample.js';
import { at } from './steps-at.js';

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
    for await (const batch of readDocuments(at(artifacts, 'split', `${split}.parquet`), {
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
  for await (const batch of readDocuments(at(artifacts, 'clean', 'dropped.parquet'), {
    columns: droppedColumns,
  })) {
    const row = batch.find((one) => one.id === id);
    if (row !== undefined) return { kind: 'dropped', ...Dropped.parse(row) };
  }
  for await (const batch of readDocuments(at(artifacts, 'clean', 'documents.parquet'), {
    columns: { id: 'text' },
  }))
    if (batch.some((one) => one.id === id)) return { kind: 'left-out' };
  const alike: string[] = [];
  for await (const batch of readDocuments(at(artifacts, 'collect', 'documents.parquet'), {
    columns: { id: documentColumns.id },
  })) {
    for (const row of batch) if (row.id.includes(id) && alike.length < 10) alike.push(row.id);
  }
  return { kind: 'unknown', alike };
}
