import type { Collected, SourceDocument } from './document.js';
import { windows } from './windows.js';

/** A text as one document, or as windows of at most so many bytes, whose ids end in `#0001` and so on. */
export async function* inWindows(
  pieces: AsyncIterable<string> | Iterable<string>,
  document: Omit<SourceDocument, 'text'>,
  windowBytes: number,
): AsyncGenerator<Collected, void, undefined> {
  let number = 0;
  // A text of nothing is a document too: it is dropped later, and counted.
  let first: string | undefined = '';
  for await (const text of windows(pieces, windowBytes)) {
    number++;
    if (number === 1) {
      first = text;
      continue;
    }
    if (first !== undefined)
      yield { kind: 'document', document: { ...document, id: `${document.id}#0001`, text: first } };
    first = undefined;
    yield {
      kind: 'document',
      document: { ...document, id: `${document.id}#${String(number).padStart(4, '0')}`, text },
    };
  }
  if (first !== undefined) yield { kind: 'document', document: { ...document, text: first } };
}

export async function* textInWindows(
  text: string,
  document: Omit<SourceDocument, 'text'>,
  windowBytes: number,
): AsyncGenerator<Collected, void, undefined> {
  const once = async function* () {
    yield text;
  };
  yield* inWindows(once(), document, windowBytes);
}
