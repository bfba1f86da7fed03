import { type Collected, type DropReason, utf8Bytes } from '../document.js';
import { inWindows, textInWindows } from '../in-windows.js';
import { limits } from '../limits.js';
import type { Source } from '../sources/kind.js';
import { type Bytes, decompress, type Ratio } from './decompress.js';
import { readEpub } from './epub.js';
import { type Container, type Format, formatOfBytes, formatOfName, magicBytes, packed } from './formats.js';
import { extractArticle } from './html.js';
import { readIsolated } from './isolated.js';
import { peeked } from './peeked.js';
import { csvRows } from './read-csv.js';
import { readJson, readJsonl } from './read-jsonl.js';
import { readWordnet } from './read-wordnet.js';
import { xmlTexts } from './read-xml.js';
import { factsOf } from './row-facts.js';
import { readTar } from './tar.js';
import { textPieces } from './text-pieces.js';
import { untilRefused } from './until-refused.js';
import { ZipRefused, zipMembers } from './zip.js';

/** Ids of windows begin after `#`, so a file name may not hold one. */
const fileIdOf = (source: Source, path: string): string =>
  `${source.name}${path === '' ? '' : '/'}${path.replace(packed, '').replace(/\.(txt|text|md|markdown|jsonl|ndjson)$/i, '')}`.replaceAll(
    '#',
    '%23',
  );

/** Names for what may be called alike, such as a.txt and a.md of one archive: the second is a~2. */
function uniqueNames(): (name: string) => string {
  const uses = new Map<string, number>();
  return (name) => {
    let count = (uses.get(name) ?? 0) + 1;
    while (count > 1 && uses.has(`${name}~${count}`)) count++;
    uses.set(name, count);
    const unique = count === 1 ? name : `${name}~${count}`;
    if (count > 1) uses.set(unique, 1);
    return unique;
  };
}

type About = Pick<Extract<Collected, { kind: 'document' }>['document'], 'source' | 'licence' | 'title' | 'time'>;

interface Context {
  readonly source: Source;
  /** The file's place in its source. */
  readonly path: string;
  readonly where: string;
  /** What its documents are called; by default after its place. */
  readonly fileId?: string;
  /** Of the archive that the file lies in: bytes packed, and bytes unpacked by all its members. */
  readonly archive?: Ratio | undefined;
}

interface Reading extends Context {
  readonly fileId: string;
  readonly about: About;
  readonly rejected: (
    id: string,
    reason: DropReason,
    told: { readonly detail: string; readonly excerpt?: string },
  ) => Collected;
}

/** A file as one piece of memory, or undefined where it is larger than such files may be. */
async function wholeFile(bytes: Bytes): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > limits.wholeFileBytes) return undefined;
    parts.push(piece);
  }
  return Buffer.concat(parts);
}

const tooLarge = { detail: `has more than ${limits.wholeFileBytes} bytes` };

async function* readHtml(bytes: Bytes, { source, fileId, about, rejected }: Reading): AsyncGenerator<Collected> {
  const whole = await wholeFile(bytes);
  if (whole === undefined) {
    yield rejected(fileId, 'file-refused', tooLarge);
    return;
  }
  let page = '';
  for await (const piece of textPieces(inOne(whole), source.encoding)) page += piece;
  const { text, title, published, licence } = extractArticle(page);
  const document = {
    ...about,
    id: fileId,
    licence: about.licence === 'unknown' && licence !== undefined ? licence : about.licence,
    ...(title === '' ? {} : { title }),
    ...(published === undefined ? {} : { time: published }),
  };
  yield* textInWindows(text, document, source.windowBytes);
}

async function* inOne(whole: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield whole;
}

async function* readCsv(bytes: Bytes, separator: string, reading: Reading): AsyncGenerator<Collected> {
  const { source, fileId, about, rejected } = reading;
  let column: number | undefined;
  let columns: readonly string[] = [];
  for await (const row of csvRows(textPieces(bytes, source.encoding), separator)) {
    const id = `${fileId}:${row.line}`;
    if (row.kind === 'bad') {
      yield rejected(id, 'invalid-csv', { detail: row.detail, excerpt: row.start });
      if (column === undefined) return;
    } else if (column === undefined) {
      column = row.fields.indexOf(source.textField);
      columns = row.fields;
      if (column !== -1) continue;
      const names = row.fields.join(', ').slice(0, 200);
      yield rejected(id, 'no-text', { detail: `has no column "${source.textField}"; it has ${names}` });
      return;
    } else if (row.fields.length === columns.length) {
      const facts = factsOf(source, (field) => row.fields[columns.indexOf(field)]);
      yield* textInWindows(row.fields[column] ?? '', { ...about, ...facts, id }, source.windowBytes);
    } else {
      const detail = `has ${row.fields.length} fields, the first row ${columns.length}`;
      yield rejected(id, 'invalid-csv', {
        detail,
        excerpt: row.fields.join(separator).slice(0, limits.excerptCharacters),
      });
    }
  }
}

async function* readXml(bytes: Bytes, { source, fileId, about, rejected }: Reading): AsyncGenerator<Collected> {
  for await (const item of xmlTexts(textPieces(bytes, source.encoding), source.textField)) {
    const id = `${fileId}:${item.number}`;
    if (item.kind === 'text') yield* textInWindows(item.text, { ...about, id }, source.windowBytes);
    else yield rejected(id, item.reason, item);
  }
}

async function* readBook(bytes: Bytes, { source, fileId, about, rejected }: Reading): AsyncGenerator<Collected> {
  const whole = await wholeFile(bytes);
  if (whole === undefined) {
    yield rejected(fileId, 'file-refused', tooLarge);
    return;
  }
  let count = 0;
  try {
    const { title, chapters } = readEpub(whole);
    for await (const item of inWindows(
      chapters,
      { ...about, id: fileId, ...(title === '' ? {} : { title }) },
      source.windowBytes,
    )) {
      count++;
      yield item;
    }
  } catch (error) {
    if (!(error instanceof ZipRefused)) throw error;
    yield rejected(count === 0 ? fileId : `${fileId}#rest`, 'file-refused', { detail: error.message });
  }
}

async function* readByChild(
  bytes: Bytes,
  format: 'parquet' | 'pdf' | 'docx',
  reading: Reading,
): AsyncGenerator<Collected> {
  const { source, fileId, about, rejected } = reading;
  let number = 0;
  for await (const item of readIsolated(bytes, { ...source, format })) {
    number++;
    const id = format === 'parquet' ? `${fileId}:${number}` : fileId;
    if (item.kind === 'text') yield* textInWindows(item.text, { ...about, ...item.facts, id }, source.windowBytes);
    else yield rejected(id, item.reason, item);
  }
}

/** Members of an archive that have a format of their own, as files below it; archives inside archives are refused. */
async function* readContainer(bytes: Bytes, kind: Container, reading: Reading): AsyncGenerator<Collected> {
  const { source, path, where, fileId, archive, rejected } = reading;
  const inside = (name: string) => ({
    source,
    path: path === '' ? name : `${path}/${name}`,
    where: `${where}/${name}`,
  });
  const unique = uniqueNames();
  const member = async function* (name: string, content: Bytes): AsyncGenerator<Collected> {
    const format = formatOfName(name);
    if (format === undefined) return;
    const place = inside(name);
    const memberId = unique(fileIdOf(source, place.path));
    if (format === 'zip' || format === 'tar')
      yield rejected(memberId, 'file-refused', { detail: 'is an archive inside an archive' });
    else yield* readFileDocuments(content, { ...place, fileId: memberId, archive });
  };
  if (kind === 'tar') {
    const refused: Collected[] = [];
    const onRefused = (detail: string, number: number) => {
      refused.push(rejected(`${fileId}#${number}`, 'file-refused', { detail }));
    };
    for await (const { path: name, content } of readTar(bytes, where, { keepsFirstFolder: true, onRefused })) {
      yield* refused.splice(0);
      yield* member(name, content);
    }
    yield* refused;
    return;
  }
  const whole = await wholeFile(bytes);
  if (whole === undefined) {
    yield rejected(fileId, 'file-refused', tooLarge);
    return;
  }
  let number = 0;
  try {
    for (const { path: name, isUnsafe, read } of zipMembers(whole)) {
      number++;
      if (isUnsafe) {
        const detail = `holds a member with an unsafe name: ${JSON.stringify(name.slice(0, 100))}`;
        yield rejected(`${fileId}#${number}`, 'file-refused', { detail });
        continue;
      }
      if (formatOfName(name) === undefined) continue;
      let content: Buffer;
      try {
        content = read();
      } catch (error) {
        if (!(error instanceof ZipRefused)) throw error;
        yield rejected(fileIdOf(source, inside(name).path), 'file-refused', { detail: error.message });
        continue;
      }
      yield* member(name, inOne(content));
    }
  } catch (error) {
    if (!(error instanceof ZipRefused)) throw error;
    yield rejected(fileId, 'file-refused', { detail: error.message });
  }
}

function readAs(format: Format | Container, bytes: Bytes, reading: Reading): AsyncGenerator<Collected> {
  const { source, fileId, about } = reading;
  const rows = { ...source, fileId, source: source.name };
  switch (format) {
    case 'text':
      return inWindows(textPieces(bytes, source.encoding), { id: fileId, ...about }, source.windowBytes);
    case 'html':
      return readHtml(bytes, reading);
    case 'csv':
      return readCsv(bytes, ',', reading);
    case 'tsv':
      return readCsv(bytes, '\t', reading);
    case 'xml':
      return readXml(bytes, reading);
    case 'epub':
      return readBook(bytes, reading);
    case 'parquet':
    case 'pdf':
    case 'docx':
      return readByChild(bytes, format, reading);
    case 'zip':
    case 'tar':
      return readContainer(bytes, format, reading);
    case 'wordnet-examples':
      return wordnetDocuments(bytes, reading);
    case 'json':
    case 'jsonl':
      return rowDocuments(format === 'json' ? readJson(bytes, rows) : readJsonl(bytes, rows), source.windowBytes);
  }
}

async function* wordnetDocuments(bytes: Bytes, { fileId, about }: Reading): AsyncGenerator<Collected> {
  for await (const { place, text } of readWordnet(bytes))
    yield { kind: 'document', document: { id: `${fileId}:${place}`, ...about, text } };
}

async function* rowDocuments(rows: AsyncIterable<Collected>, windowBytes: number): AsyncGenerator<Collected> {
  for await (const row of rows) {
    if (row.kind === 'rejected' || utf8Bytes(row.document.text) <= windowBytes) yield row;
    else yield* textInWindows(row.document.text, row.document, windowBytes);
  }
}

async function* documentsOf(bytes: Bytes, reading: Reading): AsyncGenerator<Collected, void, undefined> {
  const known = reading.source.format === 'auto' ? formatOfName(reading.where) : reading.source.format;
  if (known !== undefined) {
    yield* readAs(known, bytes, reading);
    return;
  }
  const { start, bytes: all } = await peeked(bytes, magicBytes);
  yield* readAs(formatOfBytes(start), all, reading);
}

/**
 * The documents of one file, decompressed if need be, of the format that the source, its name or its first bytes say. From a
 * place on where it is damaged or grows beyond the limits the file is rejected; what came before stays.
 */
export async function* readFileDocuments(bytes: Bytes, context: Context): AsyncGenerator<Collected, void, undefined> {
  const { source, path, where } = context;
  const fileId = context.fileId ?? fileIdOf(source, path);
  const ratio = { in: 0, out: 0 };
  const reading: Reading = {
    ...context,
    archive: context.archive ?? ratio,
    fileId,
    about: { source: source.name, licence: source.licence },
    rejected: (id, reason, { detail, excerpt = '' }) => ({
      kind: 'rejected',
      dropped: { id, source: source.name, reason, detail, excerpt },
    }),
  };
  yield* untilRefused(documentsOf(decompress(bytes, where, { ratio, archive: context.archive }), reading), {
    id: fileId,
    source: source.name,
    where,
  });
}
