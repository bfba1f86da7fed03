import type { Collected } from '../document.js';
import { inWindows, textInWindows } from '../in-windows.js';
import type { Source } from '../sources/kind.js';
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
      else yield* textInWindows(row.document.text, row.document, source.windowBytes);
    }
  }
}
