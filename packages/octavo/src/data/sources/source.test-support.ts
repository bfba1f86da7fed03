import type { EventBody } from '../../core/index.js';
import type { DroppedDocument, SourceDocument } from '../document.js';
import { dataSection } from '../section.js';
import { resolveSources } from './resolve.js';

/** Opens one source and reads it whole. */
export async function readSource(
  fields: Readonly<Record<string, unknown>>,
  {
    folder,
    signal = new AbortController().signal,
    read: heard = () => undefined,
  }: { readonly folder: string; readonly signal?: AbortSignal; readonly read?: (bytes: number) => void },
) {
  const [source] = resolveSources(dataSection.parse({ sources: [fields] }).sources);
  if (source === undefined) throw new Error('a source is resolved');
  const events: EventBody[] = [];
  const opened = await source.open({
    projectFolder: folder,
    cacheFolder: `${folder}/cache`,
    emit: (event) => events.push(event),
    clock: { now: () => Date.UTC(2026, 0, 2) },
    signal,
  });
  const documents: SourceDocument[] = [];
  const rejected: DroppedDocument[] = [];
  let bytes = 0;
  for await (const item of opened.documents((read) => {
    bytes += read;
    heard(read);
  })) {
    if (item.kind === 'document') documents.push(item.document);
    else rejected.push(item.dropped);
  }
  return { source, opened, documents, rejected, bytes, events, counts: opened.counts?.() ?? {} };
}
