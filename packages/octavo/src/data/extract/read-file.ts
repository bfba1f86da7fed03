import type { Collected } from '../document.js';
import type { Source } from '../sources/kind.js';
import { windows } from '../windows.js';
import { type Bytes, decompress } from './decompress.js';
import { readJsonl } from './read-jsonl.js';
import { readWordnet } from './read-wordnet.js';
import { textPieces } from './text-pieces.js';

const packed = /\.(gz|zst|zstd)$/i;

/** What a file of a folder is taken for; `undefined` is left alone. Patterns and named files take all as text. */
export function formatOfName(name: string): 'text' | 'jsonl' | undefined {
  const plain = name.replace(packed, '');
  if (/\.(jsonl|ndjson)$/i.test(plain)) return 'jsonl';
  return /\.(txt|text|md|markdown)$/i.test(plain) ? 'text' : undefined;
}

/** Ids of windows begin after `#`, so a file name may not hold one. */
const fileIdOf = (source: Source, path: string): string =>
  `${source.name}${path === '' ? '' : '/'}${path.replace(packed, '').replace(/\.(txt|text|md|markdown|jsonl|ndjson)$/i, '')}`.replaceAll(
    '#',
    '%23',
  );

async function* inWindows(
  pieces: AsyncIterable<string>,
  document: { readonly id: string; readonly source: string; readonly licence: string },
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

async function* once(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}

/** The documents of one file, decompressed if need be. `path` is the file's place in its source. */
export async function* readFileDocuments(
  bytes: Bytes,
  { source, path, where }: { readonly source: Source; readonly path: string; readonly where: string },
): AsyncGenerator<Collected, void, undefined> {
  const fileId = fileIdOf(source, path);
  const plain = decompress(bytes, where);
  const about = { source: source.name, licence: source.licence };
  const format = source.format === 'auto' ? (formatOfName(where) ?? 'text') : source.format;
  if (format === 'text') {
    yield* inWindows(textPieces(plain, source.encoding), { id: fileId, ...about }, source.windowBytes);
  } else if (format === 'wordnet-examples') {
    for await (const { place, text } of readWordnet(plain)) {
      yield { kind: 'document', document: { id: `${fileId}:${place}`, ...about, text } };
    }
  } else {
    for await (const row of readJsonl(plain, {
      fileId,
      source: source.name,
      textField: source.textField,
      licence: source.licence,
    })) {
      if (row.kind === 'rejected') yield row;
      else yield* inWindows(once(row.document.text), row.document, source.windowBytes);
    }
  }
}
