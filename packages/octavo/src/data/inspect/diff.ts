/** What became of the documents of one run in another: a join by id, in a database that spills, so of any size. */
import { queryTables } from '../../formats/index.js';
import { dropReasons } from '../document.js';
import { limits } from '../limits.js';
import { splits } from '../plan-split.js';
import { type Change, changeBetween } from './change.js';
import { type DataSummary, dataSummary } from './data-summary.js';
import { reservoir } from './reservoir.js';
import { type SampledDocument, showDropped, showKept, textsOf } from './sample.js';
import { at } from './steps-at.js';

const kinds = ['added', 'removed', 'changed', 'lost', 'regained', 'other-reason'] as const;
export type DifferenceKind = (typeof kinds)[number];

export interface Difference {
  /** `changed` is the text of a kept document; `lost` was kept in the first run and dropped in the second. */
  readonly kind: DifferenceKind;
  /** What was dropped in the first run, and in the second: the reason; `kept` otherwise; absent where there is no document. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly documents: number;
  readonly examples: readonly (SampledDocument & { readonly change?: Change | undefined })[];
}

export interface Figure {
  readonly name: string;
  readonly unit: 'documents' | 'bytes' | 'tokens' | 'share';
  readonly before: number;
  readonly after: number;
}

export interface DataDiff {
  readonly same: boolean;
  /** Documents that are in both runs, and in each the same or dropped for the same reason. */
  readonly unchanged: number;
  readonly differences: readonly Difference[];
  /** Kept in both, in different parts; `left out` by a mixture. */
  readonly moved: readonly { readonly before: string; readonly after: string; readonly documents: number }[];
  readonly figures: readonly Figure[];
}

const tablesOf = (artifacts: string, prefix: string): Readonly<Record<string, string>> => ({
  [`${prefix}kept`]: at(artifacts, 'clean', 'documents.parquet'),
  [`${prefix}dropped`]: at(artifacts, 'clean', 'dropped.parquet'),
  ...Object.fromEntries(splits.map((split) => [`${prefix}${split}`, at(artifacts, 'split', `${split}.parquet`)])),
});

const partNames = ['left out', ...splits] as const;

/**
 * Each id once with its fate (0: kept, n: the nth reason), the part that it is in, and a hash of its text. Numbers alone
 * are gathered: a database that is short of memory can write those to disk.
 */
const fatesOf = (prefix: string): string => `
  SELECT id, max(fate) AS fate, max(part) AS part, max(text) AS text FROM (
    SELECT id, 0 AS fate, 0 AS part, hash(text) AS text FROM ${prefix}kept
    UNION ALL
    SELECT id, list_position([${dropReasons.map((reason) => `'${reason}'`).join(', ')}], reason), 0, 0 FROM ${prefix}dropped
    ${splits.map((split, at) => `UNION ALL SELECT id, 0, ${at + 1}, 0 FROM ${prefix}${split}`).join(' ')}
  ) GROUP BY id`;

const absent = -1;

const sql = `
  WITH a AS (${fatesOf('a_')}), b AS (${fatesOf('b_')})
  SELECT coalesce(a.id, b.id) AS id, coalesce(a.fate, ${absent}) AS before, coalesce(b.fate, ${absent}) AS after,
    coalesce(a.part, 0) AS part_before, coalesce(b.part, 0) AS part_after,
    a.text IS DISTINCT FROM b.text AS changed
  FROM a FULL JOIN b ON a.id = b.id
  WHERE a.fate IS DISTINCT FROM b.fate OR a.text IS DISTINCT FROM b.text OR a.part IS DISTINCT FROM b.part`;

const columns = {
  id: 'text',
  before: 'integer',
  after: 'integer',
  part_before: 'integer',
  part_after: 'integer',
  changed: 'integer',
} as const;

const fateOf = (fate: number): string | undefined =>
  fate === absent ? undefined : fate === 0 ? 'kept' : (dropReasons[fate - 1] ?? '');

function kindOf(before: string | undefined, after: string | undefined): DifferenceKind {
  if (before === undefined) return 'added';
  if (after === undefined) return 'removed';
  if (before === after) return 'changed';
  if (before === 'kept') return 'lost';
  return after === 'kept' ? 'regained' : 'other-reason';
}

interface Counted {
  readonly kind: DifferenceKind;
  readonly before: string | undefined;
  readonly after: string | undefined;
  documents: number;
  readonly drawn: ReturnType<typeof reservoir<{ readonly id: string }>>;
}

/** Examples of a difference, as they are in the run where they show best. */
async function examplesOf(
  { kind, before, after, drawn }: Counted,
  [first, second]: readonly [string, string],
): Promise<Difference['examples']> {
  const documents = drawn.drawn().toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const [there, fate] = kind === 'removed' ? [first, before] : [second, after];
  const shown = fate === 'kept' ? await showKept(there, documents) : await showDropped(there, documents);
  if (kind !== 'changed') return shown;
  const ids = documents.map(({ id }) => id);
  const [old, now] = await Promise.all(
    [first, second].map((artifacts) => textsOf(at(artifacts, 'clean', 'documents.parquet'), ids)),
  );
  return shown.map((one) => ({
    ...one,
    change: changeBetween(old?.get(one.id)?.text ?? '', now?.get(one.id)?.text ?? '', limits.excerptCharacters),
  }));
}

/** The figures of one run by name; those of a mixture are shares. */
function figuresOf({ collected, cleaned, split, tokens }: DataSummary) {
  const figures = new Map<string, readonly [Figure['unit'], number]>();
  const put = (name: string, { documents, bytes }: { readonly documents: number; readonly bytes: number }) => {
    figures.set(`${name}: documents`, ['documents', documents]);
    figures.set(`${name}: bytes`, ['bytes', bytes]);
  };
  put('collected', collected);
  put('kept', { documents: cleaned.kept, bytes: cleaned.bytesKept });
  for (const [reason, count] of Object.entries(cleaned.droppedByReason))
    figures.set(`dropped: ${reason}`, ['documents', count]);
  for (const source of cleaned.sources) put(`kept of ${source.name}`, source);
  for (const part of splits) {
    put(part, split[part]);
    if (tokens !== undefined) figures.set(`${part}: tokens`, ['tokens', tokens[part].tokens]);
  }
  for (const { name, got } of split.mix?.groups ?? []) figures.set(`mixture: ${name}`, ['share', got]);
  return figures;
}

/** Compares the data of two runs by their artifacts folders. Errors: RUN_ABSENT, FILE_INVALID, TABLE_CORRUPT. */
export async function diffData(
  artifacts: readonly [before: string, after: string],
  { examples, spill }: { readonly examples: number; readonly spill: string },
): Promise<DataDiff> {
  const [first, second] = artifacts;
  const [before, after] = [await dataSummary(first), await dataSummary(second)];
  const counted = new Map<string, Counted>();
  const moved = new Map<string, { readonly before: string; readonly after: string; documents: number }>();
  let there = 0;
  const tables = { ...tablesOf(first, 'a_'), ...tablesOf(second, 'b_') };
  for await (const batch of queryTables(tables, { sql, columns, spill }))
    for (const row of batch) {
      const { id, changed } = row;
      const [was, is] = [fateOf(row.before), fateOf(row.after)];
      const [from, to] = [partNames[row.part_before] ?? '', partNames[row.part_after] ?? ''];
      if (was === 'kept' && is === 'kept' && from !== to) {
        const move = moved.get(`${from} ${to}`) ?? { before: from, after: to, documents: 0 };
        move.documents++;
        moved.set(`${from} ${to}`, move);
        if (changed === 0) continue;
      }
      const kind = kindOf(was, is);
      const key = `${kinds.indexOf(kind)} ${was} ${is}`;
      const one = counted.get(key) ?? {
        kind,
        before: was,
        after: is,
        documents: 0,
        drawn: reservoir<{ readonly id: string }>({ count: examples, seed: 1 }),
      };
      counted.set(key, one);
      one.documents++;
      one.drawn.offer({ id });
      if (was !== undefined) there++;
    }
  const differences: Difference[] = [];
  for (const [, one] of [...counted].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    differences.push({
      kind: one.kind,
      before: one.before,
      after: one.after,
      documents: one.documents,
      examples: await examplesOf(one, artifacts),
    });
  const [old, now] = [figuresOf(before), figuresOf(after)];
  const figures = [...new Map([...old, ...now])].map(([name, [unit]]) => ({
    name,
    unit,
    before: old.get(name)?.[1] ?? 0,
    after: now.get(name)?.[1] ?? 0,
  }));
  return {
    same: counted.size === 0 && moved.size === 0 && figures.every((one) => one.before === one.after),
    unchanged: before.cleaned.documentsIn - there,
    differences,
    moved: [...moved.values()].toSorted((a, b) => (`${a.before}${a.after}` < `${b.before}${b.after}` ? -1 : 1)),
    figures,
  };
}
