import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fail, invariant, writeFileAtomic } from '../core/index.js';
import { readDocuments, writeDocuments } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import {
  type DroppedDocument,
  documentColumns,
  droppedColumns,
  dropReasons,
  type SourceDocument,
  utf8Bytes,
} from './document.js';
import { type Clusters, clusters } from './duplicates/clusters.js';
import { nearDuplicateIndex } from './duplicates/near-duplicates.js';
import { judgeText } from './filters/judge-text.js';
import { normaliseText } from './filters/normalise-text.js';
import { interruptible } from './interruptible.js';
import { limits } from './limits.js';
import { progress } from './progress.js';
import { readSummary } from './read-summary.js';
import type { CleanSection } from './section.js';
import { CollectSummary } from './summaries.js';

/**
 * Columns of `clean/documents.parquet`: `cluster` is the id of the first document of those that are alike,
 * `bytes` counts the text in UTF-8.
 */
export const cleanColumns = { ...documentColumns, cluster: 'text', bytes: 'integer' } as const;

interface Judged {
  readonly ids: readonly string[];
  readonly alike: Clusters;
  /** By number of the document; those absent are kept. */
  readonly dropped: ReadonlyMap<number, DroppedDocument>;
}

/** First pass: what is broken, short or a repetition; remembers a hash and a signature of each document, not its text. */
async function judgeAll(
  context: StepContext<CleanSection>,
  path: string,
  judgedSome: (documents: number) => void,
): Promise<Judged> {
  const { section, signal } = context;
  const index = nearDuplicateIndex(section.nearDuplicateSimilarity);
  const alike = clusters();
  const ids: string[] = [];
  const exact = new Map<string, number>();
  const dropped = new Map<number, DroppedDocument>();
  const judge = ({ id, source, text: raw }: SourceDocument) => {
    const number = ids.push(id) - 1;
    const text = normaliseText(raw);
    const drop = (reason: DroppedDocument['reason'], detail: string) =>
      dropped.set(number, { id, source, reason, detail, excerpt: excerptOf(text) });
    const verdict = judgeText(raw, text, section);
    if (verdict.kind === 'dropped') return drop(verdict.reason, verdict.detail);
    const digest = createHash('sha256').update(text).digest('base64');
    const same = exact.get(digest);
    if (same !== undefined) {
      alike.join(same, number);
      return drop('exact-duplicate', `the same as ${ids[same] ?? ''}`);
    }
    exact.set(digest, number);
    if (!section.nearDuplicates) return undefined;
    const { duplicate, relatives } = index.add(number, text);
    for (const relative of relatives) alike.join(relative, number);
    if (duplicate === undefined) return undefined;
    return drop('near-duplicate', `${Math.round(duplicate.similarity * 100)} % as ${ids[duplicate.of] ?? ''}`);
  };
  for await (const batch of readDocuments(path, { columns: documentColumns })) {
    signal.throwIfAborted();
    batch.forEach(judge);
    judgedSome(batch.length);
  }
  return { ids, alike, dropped };
}

const excerptOf = (text: string): string =>
  text
    .slice(0, limits.excerptCharacters)
    .replace(/[\ud800-\udbff]$/, '')
    .replaceAll(/\s+/g, ' ');

interface SourceTotals {
  documents: number;
  bytes: number;
}

async function cleanAll(context: StepContext<CleanSection>): Promise<Readonly<Record<string, unknown>>> {
  const { folder, signal } = context;
  const from = context.artifact('collect');
  const input = join(from, 'documents.parquet');
  const collected = await readSummary(from, CollectSummary);
  const told = progress('clean', { ...context, total: 2 * collected.documents, unit: 'documents' });
  const { ids, alike, dropped } = await judgeAll(context, input, told.add);
  const kept = new Map<string, SourceTotals>();
  const keptDocuments = async function* () {
    let number = 0;
    for await (const batch of readDocuments(input, { columns: documentColumns })) {
      signal.throwIfAborted();
      for (const document of batch) {
        const cluster = ids[alike.root(number)] ?? document.id;
        if (dropped.has(number++)) continue;
        const text = normaliseText(document.text);
        const bytes = utf8Bytes(text);
        const totals = kept.get(document.source) ?? { documents: 0, bytes: 0 };
        kept.set(document.source, { documents: totals.documents + 1, bytes: totals.bytes + bytes });
        yield { ...document, text, cluster, bytes };
      }
      told.add(batch.length);
    }
  };
  const counts = new Map<string, number>();
  const droppedDocuments = async function* (): AsyncGenerator<DroppedDocument, void, undefined> {
    const count = (one: DroppedDocument) => {
      counts.set(one.reason, (counts.get(one.reason) ?? 0) + 1);
      return one;
    };
    for await (const batch of readDocuments(join(from, 'rejected.parquet'), { columns: droppedColumns })) {
      for (const { reason, ...rest } of batch) yield count({ ...rest, reason: parseReason(reason) });
    }
    for (const one of dropped.values()) yield count(one);
  };
  const written = await writeDocuments(join(folder, 'documents.parquet'), { columns: cleanColumns }, keptDocuments());
  const losses = await writeDocuments(join(folder, 'dropped.parquet'), { columns: droppedColumns }, droppedDocuments());
  told.finish();
  const documentsIn = collected.documents + collected.rejected;
  invariant(documentsIn === written.rows + losses.rows, 'every document is kept or dropped');
  if (written.rows === 0) {
    throw fail('DATA_TOO_SMALL', {
      what: `nothing is left of ${documentsIn} documents: ${[...counts].map(([reason, count]) => `${count} ${reason}`).join(', ')}`,
      where: 'data.sources',
      remedy: 'look at the dropped with `octavo data dropped`, then name more text or lower data.clean.minCharacters',
    });
  }
  const summary = {
    documentsIn,
    kept: written.rows,
    dropped: losses.rows,
    droppedByReason: Object.fromEntries(
      dropReasons.flatMap((reason) => (counts.has(reason) ? [[reason, counts.get(reason)]] : [])),
    ),
    bytesIn: collected.bytes,
    bytesKept: [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    sources: [...kept].map(([name, totals]) => ({ name, ...totals })),
  };
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

function parseReason(reason: string): DroppedDocument['reason'] {
  const known = dropReasons.find((one) => one === reason);
  invariant(known !== undefined, `${reason} is a reason to drop a document`);
  return known;
}

/** Normalises, drops what is broken, tiny or repeated, and says which documents are alike. Errors: DATA_TOO_SMALL, TABLE_CORRUPT. */
export const clean: Step<CleanSection> = {
  name: 'clean',
  version: 1,
  inputs: ['collect'],
  run: (context) => interruptible(context.signal, () => cleanAll(context)),
};
