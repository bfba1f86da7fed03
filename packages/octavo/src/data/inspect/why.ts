/** The whole story of one document: where it came from, what was changed, what each rule said, where its tokens are. */
import type { Clock } from '../../core/index.js';
import { queryTables, type Row, readDocuments } from '../../formats/index.js';
import { labelsOf } from '../balance/labels.js';
import type { MixKey } from '../balance/mix.js';
import { cleanFolder } from '../clean/clean-work.js';
import { recallCorpus } from '../clean/learn-corpus.js';
import { cleanColumns } from '../clean.js';
import { type DropReason, documentColumns, droppedColumns } from '../document.js';
import { type CorpusStage, corpusStage } from '../filters/corpus-stage.js';
import { documentStage, repairText } from '../filters/document-stage.js';
import { findPii, piiFields, replacePii } from '../filters/pii.js';
import { rulesOf } from '../filters/rules.js';
import { limits } from '../limits.js';
import { splits } from '../plan-split.js';
import { readSummary } from '../read-summary.js';
import type { CleanSection, SplitSection } from '../section.js';
import { CollectSummary, type MixSummary } from '../summaries.js';
import { type Change, changeBetween } from './change.js';
import { type DataSummary, dataSummary } from './data-summary.js';
import { keptFor, keptForSql } from './duplicates.js';
import { type Excerpt, excerptAround, hitOf } from './hit.js';
import { Dropped } from './sample.js';
import { at } from './steps-at.js';
import { type TokenPlace, tokenPlaces } from './token-places.js';
import { type RuleVerdict, verdictsOf } from './verdicts.js';

export interface Provenance {
  readonly source: string;
  /** What `data.sources` says of it. */
  readonly from: string;
  readonly licence: string;
  readonly url?: string | undefined;
  readonly time?: string | undefined;
  readonly title?: string | undefined;
  /** As the source says. */
  readonly label?: string | undefined;
  /** The file, row or address within the source; `line` and `window` where the id tells them. */
  readonly place: string;
  readonly line?: number | undefined;
  readonly window?: number | undefined;
}

export interface TextChange {
  readonly kind: 'repaired' | 'normalised' | 'lines cut' | 'lines or passages cut';
  /** Places by kind, where they were counted. */
  readonly places: Readonly<Record<string, number>>;
  readonly change: Change;
}

export interface Likeness {
  /** The document that stays for all of them: the first in the order read. */
  readonly kept: string;
  /** Dropped for it, and why. */
  readonly dropped: readonly { readonly id: string; readonly detail: string }[];
  /** Alike, but less than it takes to be dropped: they stay, and share a part. */
  readonly alike: readonly string[];
}

export interface Placement {
  readonly part: (typeof splits)[number];
  /** How often it is read: more than once where a mixture repeats it. */
  readonly times: number;
  /** One for each time; absent until the tokenize step has run. */
  readonly places: readonly TokenPlace[] | undefined;
  readonly mixture?: { readonly by: MixSummary['by']; readonly group: MixSummary['groups'][number] } | undefined;
}

export interface Story {
  readonly kind: 'kept' | 'left-out' | 'dropped';
  readonly id: string;
  readonly dropped?: { readonly reason: DropReason; readonly detail: string } | undefined;
  readonly bytes: number;
  readonly excerpt: Excerpt;
  readonly provenance: Provenance;
  /** Absent for what could not be read. */
  readonly judged?:
    | {
        readonly language: string;
        readonly changes: readonly TextChange[];
        readonly verdicts: readonly RuleVerdict[];
        /** Personal data, masked. */
        readonly pii: readonly { readonly kind: string; readonly masked: string }[];
      }
    | undefined;
  readonly likeness?: Likeness | undefined;
  readonly placement?: Placement | undefined;
}

export type Fate = { readonly kind: 'unknown'; readonly alike: readonly string[] } | Story;

type Collected = Row<typeof documentColumns>;

/** The row of an id in a table, undefined where there is none. */
async function rowOf<const C extends Readonly<Record<string, 'text' | 'text?' | 'integer'>>>(
  path: string,
  columns: C,
  id: string,
): Promise<Row<C> | undefined> {
  for await (const batch of readDocuments(path, { columns, ids: [id] })) for (const row of batch) return row;
  return undefined;
}

const place = /^(.*?)(?::(\d+))?(?:#(\d+))?$/s;

function provenanceOf(
  id: string,
  source: string,
  row: Collected | Row<typeof cleanColumns> | undefined,
  { collected }: DataSummary,
): Provenance {
  const known = collected.sources.find(({ name }) => name === source);
  const [, path = '', line, window] = place.exec(id.startsWith(`${source}/`) ? id.slice(source.length + 1) : id) ?? [];
  return {
    source,
    from: known?.from ?? '',
    licence: row?.licence ?? known?.licence ?? '',
    url: row?.url,
    time: row?.time,
    title: row?.title,
    label: row?.label,
    place: path,
    line: line === undefined ? undefined : Number(line),
    window: window === undefined ? undefined : Number(window),
  };
}

/** First and last characters alone: enough to find it, too little to use it. */
const masked = (found: string): string =>
  `${found.slice(0, 2)}${'•'.repeat(Math.max(1, Math.min(12, found.length - 3)))}${found.slice(-1)}`;

/** What cleaning learned of the whole corpus; undefined where it is gone. */
async function corpusOf({ artifacts, section, projectFolder, cacheFolder }: Asked): Promise<CorpusStage | undefined> {
  const from = at(artifacts, 'collect');
  const { documents } = await readSummary(from, CollectSummary);
  const stage = corpusStage(section, documents);
  if (stage.passes.length === 0) return stage;
  // The folder is named by files of the user too, which may be gone.
  const folder = await cleanFolder({ section, projectFolder, cacheFolder, from }).catch(() => undefined);
  return folder === undefined ? undefined : recallCorpus(stage, folder);
}

async function judgedOf(
  document: Collected,
  final: string | undefined,
  asked: Asked,
): Promise<NonNullable<Story['judged']>> {
  const { text: raw, source } = document;
  const { section, projectFolder, artifacts } = asked;
  const { decoded, text: repaired } = repairText(raw, section);
  const corpus = await corpusOf(asked);
  const learned = corpus ?? corpusStage({ boilerplate: false, outliers: false }, 0);
  const judges = { language: () => undefined, content: () => undefined, trained: undefined };
  const staged = documentStage({ ...section, pii: false }, learned, judges)(raw, source, false);
  const pii = rulesOf(section.pii, piiFields);
  // What may be shown: personal data that cleaning replaces are replaced here too.
  const safe = (text: string): string => (pii === undefined ? text : replacePii(text, pii).text);
  const changes: TextChange[] = [];
  const compare = (kind: TextChange['kind'], before: string, after: string, of: RegExp) => {
    if (before === after) return;
    const places = Object.fromEntries(Object.entries(staged.changes).filter(([name]) => of.test(name)));
    changes.push({ kind, places, change: changeBetween(safe(before), safe(after), limits.excerptCharacters) });
  };
  compare('repaired', raw, decoded, /^repair\./);
  compare('normalised', decoded, repaired, /^$/);
  compare('lines cut', repaired, staged.text, /^(?:boilerplate|c4)\./);
  if (final !== undefined) compare('lines or passages cut', safe(staged.text), final, /^$/);
  const stages = { decoded, repaired, own: learned.cut(source, repaired).text, cut: staged.text };
  const places = { projectFolder, cleanFolder: at(artifacts, 'clean') };
  return {
    ...(await verdictsOf({ document, stages, corpus }, section, places)),
    changes,
    pii: findPii(staged.text, pii?.kinds).map(({ kind, from, to }) => ({
      kind,
      masked: masked(staged.text.slice(from, to)),
    })),
  };
}

const membersShown = 20;

async function likenessOf(artifacts: string, kept: string, cluster: string | undefined): Promise<Likeness | undefined> {
  const tables = {
    kept: at(artifacts, 'clean', 'documents.parquet'),
    dropped: at(artifacts, 'clean', 'dropped.parquet'),
  };
  const sql = `
    SELECT id, detail FROM (
      SELECT file_row_number AS number, id, '' AS detail FROM kept WHERE cluster = $cluster AND id <> $kept
      ORDER BY number LIMIT ${membersShown}
    ) UNION ALL (
      SELECT id, detail FROM (
        SELECT file_row_number AS number, id, detail FROM dropped WHERE ${keptForSql} = $kept
        ORDER BY number LIMIT ${membersShown}
      )
    )`;
  const dropped: { id: string; detail: string }[] = [];
  const alike: string[] = [];
  const asked = { sql, columns: { id: 'text', detail: 'text' }, values: { kept, cluster: cluster ?? '' } } as const;
  for await (const batch of queryTables(tables, { ...asked, spill: `${tables.dropped}.alike` }))
    for (const row of batch)
      if (row.detail === '') alike.push(row.id);
      else dropped.push(row);
  return dropped.length === 0 && alike.length === 0 ? undefined : { kept, dropped, alike };
}

async function placementOf(
  artifacts: string,
  id: string,
  {
    summary: { split, tokens },
    names,
  }: { readonly summary: DataSummary; readonly names: Readonly<Record<MixKey, string>> },
): Promise<Placement | undefined> {
  for (const part of splits) {
    const numbers: number[] = [];
    const table = at(artifacts, 'split', `${part}.parquet`);
    const asked = { sql: 'SELECT file_row_number AS number FROM part WHERE id = $id', values: { id } };
    const columns = { number: 'integer' } as const;
    for await (const batch of queryTables({ part: table }, { ...asked, columns, spill: `${table}.places` }))
      numbers.push(...batch.map(({ number }) => number));
    numbers.sort((a, b) => a - b);
    if (numbers.length === 0) continue;
    const by = split.mix?.by;
    const group =
      by === undefined || part !== 'train' ? undefined : split.mix?.groups.find((one) => one.name === names[by]);
    return {
      part,
      times: numbers.length,
      places: tokens === undefined ? undefined : await tokenPlaces(artifacts, { tokens, part }, numbers),
      mixture: by === undefined || group === undefined ? undefined : { by, group },
    };
  }
  return undefined;
}

interface Asked {
  readonly artifacts: string;
  /** What the run was cleaned with. */
  readonly section: CleanSection;
  /** How its training text was mixed. */
  readonly mixed: SplitSection;
  readonly projectFolder: string;
  /** Where cleaning may have left what it learned of the corpus. */
  readonly cacheFolder: string;
  readonly clock: Clock;
}

async function alikeIds(artifacts: string, id: string): Promise<readonly string[]> {
  const alike: string[] = [];
  const collected = at(artifacts, 'collect', 'documents.parquet');
  const sql = 'SELECT id FROM collected WHERE contains(id, $id) ORDER BY file_row_number LIMIT 10';
  const asked = { sql, columns: { id: 'text' }, values: { id }, spill: `${collected}.alike` } as const;
  for await (const batch of queryTables({ collected }, asked)) alike.push(...batch.map((row) => row.id));
  return alike;
}

/** What became of a document, and why; an unknown id is answered with ids that contain it. Errors: RUN_ABSENT, FILE_INVALID, TABLE_CORRUPT. */
export async function why(asked: Asked, id: string): Promise<Fate> {
  const { artifacts } = asked;
  const summary = await dataSummary(artifacts);
  const collected = await rowOf(at(artifacts, 'collect', 'documents.parquet'), documentColumns, id);
  const final = await rowOf(at(artifacts, 'clean', 'documents.parquet'), cleanColumns, id);
  const row =
    final === undefined ? await rowOf(at(artifacts, 'clean', 'dropped.parquet'), droppedColumns, id) : undefined;
  const lost = row === undefined ? undefined : Dropped.parse(row);
  if (final === undefined && lost === undefined) return { kind: 'unknown', alike: await alikeIds(artifacts, id) };
  const source = final?.source ?? lost?.source ?? '';
  const judged = collected === undefined ? undefined : await judgedOf(collected, final?.text, asked);
  const keptOne = final === undefined ? lost && keptFor(lost) : id;
  const placement =
    final === undefined
      ? undefined
      : await placementOf(artifacts, id, {
          summary,
          names: {
            source: final.source,
            licence: final.licence,
            language: judged?.language.split(' ')[0] ?? '',
            // Labels may be gone since the run.
            label: (await labelsOf(asked.mixed, asked).catch(() => undefined))?.(final) ?? '',
          },
        });
  const text = final?.text ?? (collected === undefined ? undefined : repairText(collected.text, asked.section).text);
  return {
    kind: final === undefined ? 'dropped' : placement === undefined ? 'left-out' : 'kept',
    id,
    dropped: lost && { reason: lost.reason, detail: lost.detail },
    bytes: final?.bytes ?? Buffer.byteLength(text ?? ''),
    excerpt:
      text === undefined
        ? { text: lost?.excerpt ?? '' }
        : excerptAround(text, lost && hitOf(lost, text), limits.excerptCharacters),
    provenance: provenanceOf(id, source, final ?? collected, summary),
    judged,
    likeness: keptOne === undefined ? undefined : await likenessOf(artifacts, keptOne, final?.cluster),
    placement,
  };
}
