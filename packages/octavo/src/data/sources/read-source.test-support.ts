import { join } from 'node:path';
import type { DroppedDocument, SourceDocument } from '../document.js';
import { dataSection } from '../section.js';
import { resolveSources } from './resolve.js';

/** All that a source of octavo.yaml gives, with `folder` as the project. */
export async function readSource(folder: string, fields: unknown) {
  const documents: SourceDocument[] = [];
  const rejected: DroppedDocument[] = [];
  for (const source of resolveSources(dataSection.parse({ sources: [fields] }).sources)) {
    const open = await source.open({
      projectFolder: folder,
      cacheFolder: join(folder, 'cache'),
      emit: () => undefined,
      clock: { now: () => 0 },
      signal: new AbortController().signal,
    });
    for await (const item of open.documents(() => undefined)) {
      if (item.kind === 'document') documents.push(item.document);
      else rejected.push(item.dropped);
    }
  }
  return { documents, rejected };
}
