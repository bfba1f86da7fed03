/** Uniform samples of a run's documents, kept and dropped, drawn by a database: the smallest hashes of seed and id, as `reservoir` has them. */
import { invariant } from '../../core/index.js';
import { queryTables } from '../../formats/index.js';
import { sha256 } from '../../project/index.js';
import { type DroppedDocument, type DropReason, dropReasons } from '../document.js';
import { at } from './steps-at.js';

export interface Selection {
  /** Only documents that stayed, or only those that did not; both without it. */
  readonly fate?: 'kept' | 'dropped' | undefined;
  /** Dropped for this reason, or a reason of this family. */
  readonly reason?: string | undefined;
  readonly source?: string | undefined;
}

export type Drawn =
  | { readonly kind: 'kept'; readonly id: string; readonly source: string }
  | ({ readonly kind: 'dropped' } & DroppedDocument);

const fatesOf = ({ fate, reason }: Selection) =>
  (['kept', 'dropped'] as const).filter(
    (one) => (fate === undefined || fate === one) && (one === 'dropped' || reason === undefined),
  );

const noted = { kept: "'', '', ''", dropped: 'reason, detail, excerpt' } as const;

/** What is asked of tables `kept` and `dropped`. */
const candidates = (selection: Selection): string =>
  fatesOf(selection)
    .map((fate) => {
      const wanted = [
        ...(selection.source === undefined ? [] : ['source = $source']),
        ...(selection.reason === undefined ? [] : ["(reason = $reason OR starts_with(reason, $reason || '.'))"]),
      ];
      return `SELECT '${fate}' AS fate, id, source, ${noted[fate]}, file_row_number AS number FROM ${fate}
        ${wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`}`;
    })
    .join(' UNION ALL ');

const columns = {
  fate: 'text',
  id: 'text',
  source: 'text',
  reason: 'text',
  detail: 'text',
  excerpt: 'text',
  number: 'integer',
  of: 'integer',
} as const;

const isReason = (reason: string): reason is DropReason => dropReasons.some((one) => one === reason);

/** The drawn documents, each with the number of its row, the first drawn first, and of how many. Errors: TABLE_CORRUPT. */
export async function drawDocuments(
  artifacts: string,
  selection: Selection,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<{ readonly of: number; readonly documents: readonly (Drawn & { readonly number: number })[] }> {
  const paths = {
    kept: at(artifacts, 'clean', 'documents.parquet'),
    dropped: at(artifacts, 'clean', 'dropped.parquet'),
  };
  const { source, reason } = selection;
  const fates = fatesOf(selection);
  if (fates.length === 0) return { of: 0, documents: [] };
  const named = `WITH candidates(fate, id, source, reason, detail, excerpt, number) AS (${candidates(selection)})`;
  const sql = `${named} SELECT *, (SELECT count(*) FROM candidates) AS of FROM candidates
    ORDER BY sha256('sample:${seed}:' || id) LIMIT ${count}`;
  const tables = Object.fromEntries(fates.map((fate) => [fate, paths[fate]]));
  const values = { ...(source === undefined ? {} : { source }), ...(reason === undefined ? {} : { reason }) };
  const documents: (Drawn & { readonly number: number })[] = [];
  let total = 0;
  for await (const batch of queryTables(tables, { sql, columns, values, spill: `${paths.dropped}.drawn` }))
    for (const { fate, of, reason: why, ...row } of batch) {
      total = of;
      if (fate === 'kept') documents.push({ kind: 'kept', id: row.id, source: row.source, number: row.number });
      else {
        invariant(isReason(why), `${why} is a reason to drop a document`);
        documents.push({ kind: 'dropped', ...row, reason: why });
      }
    }
  const key = ({ id }: Drawn): string => sha256(`sample:${seed}:${id}`);
  return { of: total, documents: documents.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) };
}
