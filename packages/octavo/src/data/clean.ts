import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { fail, invariant, writeFileAtomic } from '../core/index.js';
import { readDocuments, writeDocuments } from '../formats/index.js';
import { hashFile, type Step, type StepContext } from '../project/index.js';
import {
  type DroppedDocument,
  documentColumns,
  droppedColumns,
  dropReasons,
  type SourceDocument,
  utf8Bytes,
} from './document.js';
import { type Clusters, clusters } from './duplicates/clusters.js';
import { addEvaluationFile, type Contamination, contamination } from './duplicates/decontaminate.js';
import { digestTable } from './duplicates/digest-table.js';
import { nearDuplicateIndex } from './duplicates/near-duplicates.js';
import { packedStrings } from './duplicates/packed-strings.js';
import { pageKey } from './duplicates/page-key.js';
import { cutSpans, type Spans, substringFields, substringSearch } from './duplicates/substrings.js';
import { type CorpusStage, corpusStage } from './filters/corpus-stage.js';
import { documentStage, repairText } from './filters/document-stage.js';
import { judgeFiles, loadJudges } from './filters/judges.js';
import { rulesOf } from './filters/rules.js';
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

/** What the first pass leaves for the second, by number of the document. */
interface Judgement {
  /** 1 where the document stays. */
  readonly kept: Uint8Array;
  readonly alike: Clusters;
}

type Stage = ReturnType<typeof documentStage>;

const excerptOf = (text: string): string =>
  text
    .slice(0, limits.excerptCharacters)
    .replace(/[\ud800-\udbff]$/, '')
    .replaceAll(/\s+/g, ' ');

interface Judging {
  readonly documents: number;
  readonly section: CleanSection;
  readonly stage: Stage;
  readonly evaluations: Contamination;
  /** File for the near-duplicate index. */
  readonly spill: string;
}

const sha256Of = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** First pass, a document at a time in order: what is broken, poor or a repetition. Keeps digests and signatures, no text. */
function judge({ documents, section, stage, evaluations, spill }: Judging) {
  const index = section.nearDuplicates
    ? nearDuplicateIndex({ threshold: section.nearDuplicateSimilarity, spill, documents })
    : undefined;
  const judgement: Judgement = { kept: new Uint8Array(documents), alike: clusters() };
  const ids = packedStrings(documents);
  const exact = digestTable(documents);
  const addresses = digestTable(section.urlDuplicates ? documents : 0);
  let count = 0;
  const one = ({ id, source, text: raw, url }: SourceDocument): DroppedDocument | undefined => {
    const number = count++;
    ids.push(id);
    const { text, dropped } = stage(raw, source, true);
    const drop = (reason: DroppedDocument['reason'], detail: string): DroppedDocument => ({
      id,
      source,
      reason,
      detail,
      excerpt: excerptOf(text),
    });
    if (dropped !== undefined) return drop(dropped.reason, dropped.detail);
    const hit = evaluations.hit(text);
    if (hit !== undefined) return drop('contaminated', `${hit.item} has "${hit.words}"`);
    const address = section.urlDuplicates && url !== undefined ? pageKey(url) : undefined;
    const there = address === undefined ? undefined : addresses.firstOf(sha256Of(address), number);
    if (there !== undefined) {
      judgement.alike.join(there, number);
      return drop('url-duplicate', `the address of ${ids.at(there)}`);
    }
    const same = exact.firstOf(sha256Of(text), number);
    if (same !== undefined) {
      judgement.alike.join(same, number);
      return drop('exact-duplicate', `the same as ${ids.at(same)}`);
    }
    const { duplicate, relatives } = index?.add(number, text) ?? { duplicate: undefined, relatives: [] };
    for (const relative of relatives) judgement.alike.join(relative, number);
    if (duplicate !== undefined)
      return drop('near-duplicate', `${Math.round(duplicate.similarity * 100)} % as ${ids.at(duplicate.of)}`);
    judgement.kept[number] = 1;
    return undefined;
  };
  return { one, judgement, close: () => index?.close() };
}

/** Evaluation sets of the section, read. Errors: DATA_SOURCE. */
async function readEvaluations({ decontaminate }: CleanSection, projectFolder: string): Promise<Contamination> {
  const known = contamination(decontaminate);
  for (const name of decontaminate.files)
    await addEvaluationFile(known, { path: resolve(projectFolder, name), name }).catch((cause: unknown) => {
      const what = `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      const remedy = 'correct the path; relative ones begin where octavo.yaml lies';
      throw fail('DATA_SOURCE', { what, where: 'data.clean.decontaminate.files', remedy, cause });
    });
  return known;
}

/** Cuts passages out that occurred before; what is too short then is dropped. */
async function* dropRepeated(
  { kept }: Judgement,
  {
    section,
    stage,
    spans,
  }: { readonly section: CleanSection; readonly stage: Stage; readonly spans: Map<number, Spans> },
  batches: () => AsyncGenerator<readonly SourceDocument[], void, undefined>,
): AsyncGenerator<DroppedDocument, void, undefined> {
  const rules = rulesOf(section.substrings, substringFields);
  if (rules === undefined) return;
  const search = substringSearch(rules, (document, found) => spans.set(document, found));
  let number = 0;
  for await (const batch of batches())
    for (const { text, source } of batch)
      if (kept[number++] === 1) search.add(number - 1, stage(text, source, false).text);
  search.finish();
  number = 0;
  for await (const batch of batches())
    for (const { id, text: raw, source } of batch) {
      const found = spans.get(number++);
      if (found === undefined) continue;
      const { text } = stage(raw, source, false);
      const left = cutSpans(text, found).length;
      if (left >= section.minCharacters) continue;
      kept[number - 1] = 0;
      const detail = `${left} characters are left without passages that occurred before`;
      yield { id, source, reason: 'substring-duplicate', detail, excerpt: excerptOf(text) };
    }
}

/** Passes before the first, where rules need to have seen the whole corpus. */
async function learn(
  { passes }: CorpusStage,
  section: CleanSection,
  batches: () => AsyncGenerator<readonly SourceDocument[], void, undefined>,
): Promise<void> {
  for (const pass of passes)
    for await (const batch of batches())
      for (const { source, text } of batch) pass(source, repairText(text, section).text);
}

interface Totals {
  documents: number;
  bytes: number;
}

/** Adds up what a step's summary says, by name. */
function tally() {
  const totals = new Map<string, Totals>();
  return {
    add: (name: string, amount: number) => {
      const { documents, bytes } = totals.get(name) ?? { documents: 0, bytes: 0 };
      totals.set(name, { documents: documents + 1, bytes: bytes + amount });
    },
    totals,
  };
}

/** The ids of clusters, while documents pass in order: the first of a cluster gives it its name. */
function clusterNames({ alike }: Judgement, documents: number) {
  const sizes = new Uint32Array(documents);
  for (let number = 0; number < documents; number++) {
    const root = alike.root(number);
    sizes[root] = (sizes[root] ?? 0) + 1;
  }
  const names = new Map<number, string>();
  return (number: number, id: string): string => {
    const root = alike.root(number);
    if (root === number && (sizes[number] ?? 0) > 1) names.set(number, id);
    return names.get(root) ?? id;
  };
}

async function cleanAll(context: StepContext<CleanSection>): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, signal } = context;
  const from = context.artifact('collect');
  const input = join(from, 'documents.parquet');
  const collected = await readSummary(from, CollectSummary);
  const corpus = corpusStage(section, collected.documents);
  const total = (2 + corpus.passes.length + (section.substrings === false ? 0 : 2)) * collected.documents;
  const told = progress('clean', { ...context, total, unit: 'documents' });
  const judges = await loadJudges(section, { projectFolder: context.projectFolder, folder });
  const stage = documentStage(section, corpus, judges);
  const evaluations = await readEvaluations(section, context.projectFolder);
  const spill = join(folder, 'runs.spill');
  const { one, judgement, close } = judge({ documents: collected.documents, section, stage, evaluations, spill });
  const spans = new Map<number, Spans>();
  const batches = async function* () {
    for await (const batch of readDocuments(input, { columns: documentColumns })) {
      signal.throwIfAborted();
      yield batch;
      told.add(batch.length);
    }
  };
  await learn(corpus, section, batches);

  const reasons = new Map<string, number>();
  const droppedDocuments = async function* (): AsyncGenerator<DroppedDocument, void, undefined> {
    const counted = (dropped: DroppedDocument) => {
      reasons.set(dropped.reason, (reasons.get(dropped.reason) ?? 0) + 1);
      return dropped;
    };
    for await (const batch of readDocuments(join(from, 'rejected.parquet'), { columns: droppedColumns })) {
      for (const { reason, ...rest } of batch) yield counted({ ...rest, reason: parseReason(reason) });
    }
    for await (const batch of batches()) {
      for (const document of batch) {
        const dropped = one(document);
        if (dropped !== undefined) yield counted(dropped);
      }
    }
    for await (const dropped of dropRepeated(judgement, { section, stage, spans }, batches)) yield counted(dropped);
  };
  const losses = await writeDocuments(
    join(folder, 'dropped.parquet'),
    { columns: droppedColumns },
    droppedDocuments(),
  ).finally(close);

  const sources = tally();
  const changes = tally();
  const keptDocuments = async function* () {
    const clusterOf = clusterNames(judgement, collected.documents);
    let number = -1;
    for await (const batch of batches()) {
      for (const document of batch) {
        const cluster = clusterOf(++number, document.id);
        if (judgement.kept[number] !== 1) continue;
        const { text: whole, changes: made } = stage(document.text, document.source, false);
        const cut = spans.get(number);
        const text = cut === undefined ? whole : cutSpans(whole, cut);
        const bytes = utf8Bytes(text);
        if (cut !== undefined) changes.add('substrings.passages', cut.length / 2);
        sources.add(document.source, bytes);
        for (const [kind, places] of Object.entries(made)) changes.add(kind, places);
        yield { ...document, text, cluster, bytes };
      }
    }
  };
  const written = await writeDocuments(join(folder, 'documents.parquet'), { columns: cleanColumns }, keptDocuments());
  told.finish();

  const documentsIn = collected.documents + collected.rejected;
  invariant(documentsIn === written.rows + losses.rows, 'every document is kept or dropped');
  if (written.rows === 0) throw nothingLeft(documentsIn, reasons);
  const summary = {
    documentsIn,
    kept: written.rows,
    dropped: losses.rows,
    droppedByReason: Object.fromEntries(
      dropReasons.flatMap((reason) => (reasons.has(reason) ? [[reason, reasons.get(reason)]] : [])),
    ),
    changes: Object.fromEntries(
      [...changes.totals]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, { documents, bytes: places }]) => [kind, { documents, places }]),
    ),
    ...(judges.trained === undefined ? {} : { classifier: judges.trained }),
    bytesIn: collected.bytes,
    bytesKept: [...sources.totals.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    sources: [...sources.totals].map(([name, totals]) => ({ name, ...totals })),
  };
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

function nothingLeft(documentsIn: number, reasons: ReadonlyMap<string, number>) {
  return fail('DATA_TOO_SMALL', {
    what: `nothing is left of ${documentsIn} documents: ${[...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')}`,
    where: 'data.sources',
    remedy: 'look at the dropped with `octavo data dropped`, then name more text or lower data.clean.minCharacters',
  });
}

function parseReason(reason: string): DroppedDocument['reason'] {
  const known = dropReasons.find((one) => one === reason);
  invariant(known !== undefined, `${reason} is a reason to drop a document`);
  return known;
}

/** Normalises, drops what is broken, tiny or repeated, and says which documents are alike. Errors: DATA_TOO_SMALL, TABLE_CORRUPT. */
export const clean: Step<CleanSection> = {
  name: 'clean',
  version: 2,
  inputs: ['collect'],
  externalInputs: async (section, projectFolder) => {
    const hashes = [...section.decontaminate.files, ...judgeFiles(section)].map(
      async (name) => [name, await hashFile(resolve(projectFolder, name))] as const,
    );
    return Object.fromEntries(await Promise.all(hashes));
  },
  run: (context) => interruptible(context.signal, () => cleanAll(context)),
};
