import { type SpilledRuns, spilledRuns } from './spilled-runs.js';
import type { Spans } from './substrings.js';

/** The spans of documents that have some, in a file: memory holds four bytes a document. */
export interface SpilledSpans extends Disposable {
  readonly set: (document: number, spans: Spans) => void;
  readonly get: (document: number) => Spans | undefined;
}

export function spilledSpans(path: string, documents: number): SpilledSpans {
  /** One more than the place in the file. */
  const places = new Uint32Array(documents);
  let file: SpilledRuns | undefined;
  return {
    set: (document, spans) => {
      file ??= spilledRuns(path);
      file.push(Int32Array.from(spans));
      places[document] = file.count();
    },
    get: (document) => {
      const place = places[document] ?? 0;
      return place === 0 || file === undefined ? undefined : [...file.at(place - 1)];
    },
    [Symbol.dispose]: () => file?.close(),
  };
}
