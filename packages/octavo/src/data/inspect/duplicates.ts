import { queryTables, readDocuments } from '../../formats/index.js';
import { at } from './steps-at.js';

export interface DuplicateCluster {
  /** The document that stays. */
  readonly kept: string;
  /** How many were dropped for it. */
  readonly count: number;
  /** Some of them, in the order met. */
  readonly members: readonly { readonly id: string; readonly detail: string }[];
}

const sameAs = /^(?:the same as|the address of|\d+ % as) ([\s\S]*)$/;

/** The document for which another was dropped as a duplicate, by what the drop says. */
export const keptFor = ({
  reason,
  detail,
}: {
  readonly reason: string;
  readonly detail: string;
}): string | undefined => (reason.endsWith('-duplicate') ? sameAs.exec(detail)?.[1] : undefined);

/** The same as `keptFor`, asked of a table; empty where it was dropped for no other. */
export const keptForSql = `CASE WHEN ends_with(reason, '-duplicate')
  THEN regexp_extract(detail, '^(the same as|the address of|[0-9]+ % as) ((?s).*)$', 2) ELSE '' END`;

const largest = (limit: number): string => `
  SELECT kept, count(*) AS members FROM (
    SELECT ${keptForSql} AS kept FROM dropped
  ) WHERE kept <> '' GROUP BY kept ORDER BY members DESC, kept LIMIT ${limit}`;

/**
 * Documents that were dropped for another, by that other: the largest clusters first, counted by a database that spills.
 * Errors: TABLE_CORRUPT.
 */
export async function duplicates(
  artifacts: string,
  { limit = 20, members = 50 } = {},
): Promise<readonly DuplicateCluster[]> {
  const dropped = at(artifacts, 'clean', 'dropped.parquet');
  const clusters = new Map<string, { count: number; members: { id: string; detail: string }[] }>();
  const counted = {
    sql: largest(limit),
    columns: { kept: 'text', members: 'integer' },
    spill: `${dropped}.spill`,
  } as const;
  for await (const batch of queryTables({ dropped }, counted))
    for (const { kept, members: count } of batch) clusters.set(kept, { count, members: [] });
  const columns = { id: 'text', reason: 'text', detail: 'text' } as const;
  if (clusters.size > 0)
    for await (const batch of readDocuments(dropped, { columns }))
      for (const row of batch) {
        const { members: found } = clusters.get(keptFor(row) ?? '') ?? {};
        if (found !== undefined && found.length < members) found.push({ id: row.id, detail: row.detail });
      }
  return [...clusters].map(([kept, cluster]) => ({ kept, ...cluster }));
}
