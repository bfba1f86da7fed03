import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';
import { writeDocuments } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import { writeChat } from './chat.js';
import { type DroppedDocument, documentColumns, droppedColumns, type SourceDocument, utf8Bytes } from './document.js';
import { type DigestTable, digestTable } from './duplicates/digest-table.js';
import { factFields, facts } from './extract/row-facts.js';
import { interruptible } from './interruptible.js';
import { progress } from './progress.js';
import type { CollectSection } from './section.js';
import type { OpenSource, ResolvedSource } from './sources/kind.js';
import { resolveSources } from './sources/resolve.js';

interface Ready {
  readonly source: ResolvedSource;
  readonly open: OpenSource;
}

interface SourceCount {
  readonly name: string;
  readonly from: string;
  /** That of all its documents, where they say one, else as the user names it. */
  licence: string;
  readonly integrity?: string;
  /** What the kind of source counts besides. */
  counts?: Readonly<Record<string, number>>;
  documents: number;
  bytes: number;
  rejected: number;
}

const countOf = ({ source, open }: Ready): SourceCount => ({
  name: source.name,
  from: open.from,
  licence: source.licence,
  ...(open.integrity === undefined ? {} : { integrity: open.integrity }),
  documents: 0,
  bytes: 0,
  rejected: 0,
});

/** Two sources of one name, or overlapping patterns, would give two documents one id. */
function refuseRepeats(seen: DigestTable, id: string, source: ResolvedSource): void {
  if (seen.firstOf(createHash('sha256').update(id).digest(), 0) === undefined) return;
  throw fail('DATA_SOURCE', {
    what: `two documents would be called ${id}: a file is named twice, or two sources have one name`,
    where: `data.sources: ${source.name}`,
    remedy: 'narrow the patterns, or give the sources a `name` each',
  });
}

async function collectAll(context: StepContext<CollectSection>): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, signal, emit } = context;
  const ready: Ready[] = [];
  for (const source of resolveSources(section.sources)) {
    ready.push({ source, open: await source.open(context) });
    signal.throwIfAborted();
  }
  const told = progress('collect', {
    ...context,
    total: ready.reduce((sum, one) => sum + one.open.bytes, 0),
    unit: 'bytes',
  });
  const counts = ready.map(countOf);
  const rejected: DroppedDocument[] = [];
  const seen = digestTable(0);
  const documents = async function* (): AsyncGenerator<SourceDocument, void, undefined> {
    for (const [at, one] of ready.entries()) {
      const count = counts[at];
      const { source } = one;
      // Read from fields that perhaps no row has; a licence may be the source's.
      const awaited = new Set(facts.filter((fact) => fact !== 'licence' && source[factFields[fact]] !== undefined));
      let licence: string | undefined;
      let isOfOne = true;
      for await (const item of one.open.documents(told.add)) {
        signal.throwIfAborted();
        if (item.kind === 'document') {
          refuseRepeats(seen, item.document.id, one.source);
          for (const fact of awaited) if (item.document[fact] !== undefined) awaited.delete(fact);
          licence ??= item.document.licence;
          isOfOne &&= item.document.licence === licence;
          if (count !== undefined) {
            count.documents++;
            count.bytes += utf8Bytes(item.document.text);
          }
          yield item.document;
          continue;
        }
        if (count !== undefined) count.rejected++;
        rejected.push(item.dropped);
        if (rejected.length > section.maxRejected) throw tooManyRejected(section.maxRejected, rejected);
      }
      for (const fact of awaited)
        emit({
          kind: 'warning',
          step: 'collect',
          text: `nothing in ${source.name} has a ${fact} in "${source[factFields[fact]]}"`,
        });
      if (count !== undefined && licence !== undefined && isOfOne) count.licence = licence;
      const more = one.open.counts?.();
      if (count !== undefined && more !== undefined) count.counts = more;
    }
  };
  await writeDocuments(join(folder, 'documents.parquet'), { columns: documentColumns }, documents());
  await writeDocuments(join(folder, 'rejected.parquet'), { columns: droppedColumns }, rejected);
  const chat = await writeChat(join(folder, 'chat.jsonl'), {
    families: section.chat.families,
    seed: section.seed,
    fetch: context,
  });
  told.finish();
  const total = (pick: (count: SourceCount) => number) => counts.reduce((sum, count) => sum + pick(count), 0);
  const summary = {
    documents: total(({ documents }) => documents),
    bytes: total(({ bytes }) => bytes),
    rejected: rejected.length,
    sources: counts,
    chat,
  };
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

function tooManyRejected(most: number, rejected: readonly DroppedDocument[]) {
  const last = rejected.at(-1);
  return fail('DATA_LIMIT', {
    what: `more than ${most} rows cannot be read; the last is ${last?.id ?? ''} (${last?.reason ?? ''}: ${last?.detail ?? ''})`,
    where: 'data.maxRejected',
    remedy: 'check textField and format of the source, or raise data.maxRejected',
  });
}

/** Files of the user by their contents, packages by their version: what changes them changes the step's key. */
async function externalInputs(
  section: CollectSection,
  projectFolder: string,
): Promise<Readonly<Record<string, string>>> {
  const inputs: [string, string][] = [];
  for (const source of resolveSources(section.sources))
    for (const [name, hash] of await source.inputs(projectFolder)) inputs.push([name, hash]);
  return Object.fromEntries(inputs);
}

/** Sources → `documents.parquet`, `rejected.parquet`, `chat.jsonl`. Errors: DATA_SOURCE, DATA_LIMIT, DATA_DOWNLOAD_FAILED, DATA_INTEGRITY. */
export const collect: Step<CollectSection> = {
  name: 'collect',
  version: 3,
  inputs: [],
  externalInputs,
  run: (context) => interruptible(context.signal, () => collectAll(context)),
};
