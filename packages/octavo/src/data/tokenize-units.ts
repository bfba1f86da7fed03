import { mostDocuments, shardBytes } from './scale/shard-plan.js';

/** Rows of a table one after another, and the bytes of their texts. */
export interface RowGroup {
  readonly from: number;
  readonly count: number;
  readonly bytes: number;
}

/** Pieces of work over a table: as many whole groups of rows as together have no more than 8 MiB and 8,192 rows, at least one. */
export function unitsOf(groups: readonly RowGroup[]): readonly RowGroup[] {
  const units: RowGroup[] = [];
  for (const group of groups) {
    const last = units.at(-1);
    const joined = {
      from: last?.from ?? 0,
      count: (last?.count ?? 0) + group.count,
      bytes: (last?.bytes ?? 0) + group.bytes,
    };
    if (last === undefined || joined.bytes > shardBytes || joined.count > mostDocuments) units.push(group);
    else units[units.length - 1] = joined;
  }
  return units;
}
