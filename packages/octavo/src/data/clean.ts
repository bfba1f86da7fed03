import { join, resolve } from 'node:path';
import { invariant, writeFileAtomic } from '../core/index.js';
import { readDocuments, writeDocuments } from '../formats/index.js';
import { hashFile, type Step, type StepContext } from '../project/index.js';
import { cleanSummary } from './clean/clean-summary.js';
import { clusterNames } from './clean/cluster-names.js';
import { dropRepeated } from './clean/drop-repeated.js';
import { judgeDocuments } from './clean/judge-documents.js';
import { learnCorpus } from './clean/learn-corpus.js';
import { readEvaluations } from './clean/read-evaluations.js';
import { tally } from './clean/tally.js';
import { type DroppedDocument, documentColumns, droppedColumns, dropReasons, utf8Bytes } from './document.js';
import { cutSpans, type Spans } from './duplicates/substrings.js';
import { corpusStage } from './filters/corpus-stage.js';
import { documentStage } from './filters/document-stage.js';
import { judgeFiles, loadJudges } from './filters/judges.js';
import { interruptible } from './interruptible.js';
import { progress } from './progress.js';
import { readSummary } from './read-summary.js';
import type { CleanSection } from './section.js';
import { CollectSummary } from './summaries.js';

/**
 * Columns of `clean/documents.parquet`: `cluster` is the id of the first document of those that are alike,
 * `bytes` counts the text in UTF-8.
 */
export const cleanColumns = { ...documentColumns, cluster: 'text', bytes: 'integer' } as const;

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
  const { one, judgement, close } = judgeDocuments({
    documents: collected.documents,
    section,
    stage,
    evaluations,
    spill,
  });
  const spans = new Map<number, Spans>();
  const batches = async function* () {
    for await (const batch of readDocuments(input, { columns: documentColumns })) {
      signal.throwIfAborted();
      yield batch;
      told.add(batch.length);
    }
  };
  await learnCorpus(corpus, section, batches);

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
  const summary = cleanSummary({
    collected,
    kept: written.rows,
    dropped: losses.rows,
    reasons,
    changes,
    sources,
    trained: judges.trained,
  });
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
