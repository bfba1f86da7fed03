import { readDocuments } from '../../formats/index.js';
import { droppedColumns } from '../document.js';
import { at } from './steps-at.js';

export interface DuplicateCluster {
  /** The document that stays. */
  readonly kept: string;
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

/** Documents that were dropped for another, by that other: the largest clusters first. Errors: TABLE_CORRUPT. */
export async function duplicates(artifacts: string, { limit = 20 } = {}): Promise<readonly DuplicateCluster[]> {
  const clusters = new Map<string, { id: string; detail: string }[]>();
  for await (const batch of readDocuments(at(artifacts, 'clean', 'dropped.parquet'), { columns: droppedColumns })) {
    for (const { id, reason, detail } of batch) {
      const kept = keptFor({ reason, detail });
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
