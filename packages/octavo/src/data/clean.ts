import { join } from 'node:path';
import { invariant, writeFileAtomic } from '../core/index.js';
import { readDocuments, writeDocuments } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import { cleanSummary } from './clean/clean-summary.js';
import { cleanInputs, cleanWork } from './clean/clean-work.js';
import { cleanedRows } from './clean/cleaned-rows.js';
import { clusterNames } from './clean/cluster-names.js';
import { dropRepeated } from './clean/drop-repeated.js';
import { judgeDocuments } from './clean/judge-documents.js';
import { tally } from './clean/tally.js';
import { type DroppedDocument, documentColumns, droppedColumns, dropReasons, utf8Bytes } from './document.js';
import { spilledSpans } from './duplicates/spilled-spans.js';
import { cutSpans } from './duplicates/substrings.js';
import { fillMissing, missingFields } from './filters/missing.js';
import { rulesOf } from './filters/rules.js';
import { interruptible } from './interruptible.js';
import { progress } from './progress.js';
import { shareOut } from './scale/helpers.js';
import type { CleanSection, Workers } from './section.js';

/**
 * Columns of `clean/documents.parquet`: `cluster` is the id of the first document of those that are alike,
 * `bytes` counts the text in UTF-8.
 */
export const cleanColumns = { ...documentColumns, cluster: 'text', bytes: 'integer' } as const;

async function cleanAll(context: StepContext<CleanSection & Workers>): Promise<Readonly<Record<string, unknown>>> {
  const { folder, signal, projectFolder, cacheFolder } = context;
  const { workers = 1, ...section } = context.section;
  const from = context.artifact('collect');
  const input = join(from, 'documents.parquet');
  const place = { section, projectFolder, cacheFolder, from };
  let count = (_documents: number): void => {};
  const work = await cleanWork({ ...place, weights: folder, signal }, (documents) => count(documents));
  await work.reopen();
  const { collected } = work;
  const total = (3 + work.passes + (section.substrings === false ? 0 : 2)) * collected.documents;
  const told = progress('clean', { ...context, total, unit: 'documents' });
  count = told.add;
  await shareOut(work, { kind: 'clean', place }, { workers, emit: context.emit });

  const spill = join(folder, 'runs.spill');
  const { one, judgement, close } = judgeDocuments({ documents: collected.documents, section, spill });
  using spans = spilledSpans(join(folder, 'spans.spill'), collected.documents);
  const rows = async function* () {
    for await (const row of cleanedRows(input, work.results())) {
      signal.throwIfAborted();
      yield row;
      told.add(1);
    }
  };

  const reasons = new Map<string, number>();
  const droppedDocuments = async function* (): AsyncGenerator<DroppedDocument, void, undefined> {
    const counted = (dropped: DroppedDocument) => {
      reasons.set(dropped.reason, (reasons.get(dropped.reason) ?? 0) + 1);
      return dropped;
    };
    for await (const batch of readDocuments(join(from, 'rejected.parquet'), { columns: droppedColumns })) {
      for (const { reason, ...rest } of batch) yield counted({ ...rest, reason: parseReason(reason) });
    }
    for await (const { document, cleaned } of rows()) {
      const dropped = one(document, cleaned);
      if (dropped !== undefined) yield counted(dropped);
    }
    for await (const dropped of dropRepeated(judgement, { section, spans }, rows)) yield counted(dropped);
  };
  const losses = await writeDocuments(
    join(folder, 'dropped.parquet'),
    { columns: droppedColumns },
    droppedDocuments(),
  ).finally(close);

  const missing = rulesOf(section.missing, missingFields);
  const sources = tally();
  const changes = tally();
  const keptDocuments = async function* () {
    const clusterOf = clusterNames(judgement, collected.documents);
    let number = -1;
    for await (const { document, cleaned } of rows()) {
      const cluster = clusterOf(++number, document.id);
      if (judgement.kept[number] !== 1 || cleaned.kind === 'dropped') continue;
      const cut = spans.get(number);
      const text = cut === undefined ? cleaned.text : cutSpans(cleaned.text, cut);
      const bytes = utf8Bytes(text);
      if (cut !== undefined) changes.add('substrings.passages', cut.length / 2);
      sources.add(document.source, bytes);
      for (const [kind, places] of Object.entries(cleaned.changes)) changes.add(kind, places);
      const facts = missing === undefined ? {} : fillMissing(document, cleaned.text, missing).facts;
      yield { ...document, ...facts, text, cluster, bytes };
    }
  };
  const written = await writeDocuments(join(folder, 'documents.parquet'), { columns: cleanColumns }, keptDocuments());
  told.finish();

  const documentsIn = collected.documents + collected.rejected;
  invariant(documentsIn === written.rows + losses.rows, 'every document is kept or dropped');
  const summary = cleanSummary({
    collected,
    kept: written.rows,
    dropped: losses.rows,
    reasons,
    changes,
    sources,
    trained: work.trained,
  });
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  await work.finish();
  return summary;
}

function parseReason(reason: string): DroppedDocument['reason'] {
  const known = dropReasons.find((one) => one === reason);
  invariant(known !== undefined, `${reason} is a reason to drop a document`);
  return known;
}

/** Normalises, drops what is broken, tiny or repeated, and says which documents are alike. Errors: DATA_TOO_SMALL, TABLE_CORRUPT. */
export const clean: Step<CleanSection & Workers> = {
  name: 'clean',
  version: 2,
  inputs: ['collect'],
  externalInputs: cleanInputs,
  run: (context) => interruptible(context.signal, () => cleanAll(context)),
};
