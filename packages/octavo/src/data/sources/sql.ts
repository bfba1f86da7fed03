import { createReadStream, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail, maskSecrets } from '../../core/index.js';
import { hashFile, sha256 } from '../../project/index.js';
import type { Collected } from '../document.js';
import { type FactFields, factFieldsOf, factsOf, ownNames } from '../extract/row-facts.js';
import { byteLines } from '../extract/text-pieces.js';
import { textInWindows } from '../in-windows.js';
import { limits } from '../limits.js';
import { isServerUrl, parseDatabasePlace } from '../store/place.js';
import type { OpenContext, Source, SourceKind } from './kind.js';
import { spool } from './spool.js';
import type { SqlFields } from './sql-fields.js';
import { type SqlPlace, type SqlRow, sqlRows } from './sql-rows.js';

interface Place {
  readonly kind: 'sql';
  /** As the user wrote it. */
  readonly from: string;
}

const fileOf = /^(sqlite|duckdb):(?!\/\/[^/])(.+)$/;

const databaseOf = ({ from }: Place, projectFolder: string): SqlPlace => {
  const [, kind, file] = fileOf.exec(from) ?? [];
  if (kind === 'duckdb' && file !== undefined) return { kind, file: resolve(projectFolder, file) };
  const place = parseDatabasePlace(from, projectFolder);
  return place.kind === 'sqlite' ? { kind: 'sqlite', file: place.file } : place;
};

const sqlOf = ({ sql, name }: Source): SqlFields => {
  if (sql !== undefined) return sql;
  throw fail('DATA_SOURCE', {
    what: 'a database needs a query',
    where: `data.sources: ${name}`,
    remedy: 'write sql: { query: SELECT id, text FROM articles ORDER BY id }',
  });
};

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return value === null || value === undefined ? undefined : String(value);
};

/** What is kept of a row on this machine's disk. */
const lineOf = (row: SqlRow, fields: SqlFields & FactFields & { readonly textField: string }): string => {
  const text = row[fields.textField];
  return JSON.stringify({
    id: textOf(row[fields.idField]),
    text: typeof text === 'string' || text instanceof Uint8Array ? textOf(text) : undefined,
    ...factsOf(fields, (field) => textOf(row[field])),
  });
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

async function* documentsOf(
  path: string,
  source: Source,
  read: (bytes: number) => void,
): AsyncGenerator<Collected, void, undefined> {
  let number = 0;
  for await (const line of byteLines(createReadStream(path), limits.lineBytes)) {
    number++;
    const rejected = (reason: 'line-too-long' | 'no-text', detail: string, id: string): Collected => ({
      kind: 'rejected',
      dropped: { id, source: source.name, reason, detail, excerpt: '' },
    });
    if (line.kind === 'too-long') {
      yield rejected('line-too-long', `more than ${limits.lineBytes} bytes`, `${source.name}:${number}`);
      continue;
    }
    read(line.bytes.length + 1);
    const row: unknown = JSON.parse(Buffer.from(line.bytes).toString('utf8'));
    if (!isRecord(row)) continue;
    const field = (name: string): string | undefined => (typeof row[name] === 'string' ? row[name] : undefined);
    const id = `${source.name}/${(field('id') ?? String(number)).replaceAll('#', '%23')}`;
    const text = field('text');
    if (text === undefined) {
      yield rejected('no-text', `column "${source.textField}" is not text`, id);
      continue;
    }
    const document = {
      id,
      source: source.name,
      licence: source.licence,
      ...factsOf(ownNames, field),
    };
    yield* textInWindows(text, document, source.windowBytes);
  }
}

/** The rows of a query, read once and kept on this machine: SQLite, DuckDB, MariaDB, MySQL, PostgreSQL. */
export const sql: SourceKind<Place> = {
  parse: (from) => (fileOf.test(from) || isServerUrl(from) ? { kind: 'sql', from } : undefined),
  describe: ({ from }) => ({
    name: isServerUrl(from)
      ? (/[^/?]+(?=\?|$)/.exec(from.replace(/^.*@/, ''))?.[0] ?? 'database').replace(/[^\w.-]/g, '-')
      : (/[\w.-]+$/.exec(from)?.[0] ?? 'database'),
  }),
  inputs: async (source, place, projectFolder) => {
    const database = databaseOf(place, projectFolder);
    return 'file' in database && existsSync(database.file) ? [[source.name, await hashFile(database.file)]] : [];
  },
  open: async (source, place, { projectFolder, cacheFolder, emit, signal }: OpenContext) => {
    const { textField } = source;
    const fields = { ...sqlOf(source), textField, ...factFieldsOf((option) => source[option]) };
    const database = databaseOf(place, projectFolder);
    const version = 'file' in database && existsSync(database.file) ? await hashFile(database.file) : '';
    const folder = join(cacheFolder, 'sql');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${sha256(JSON.stringify([place.from, fields, version])).slice(0, 32)}.jsonl`);
    const where = `data.sources: ${source.name}`;
    const bytes = await spool(path, {
      lines: async function* () {
        for await (const row of sqlRows(database, { query: fields.query, where })) yield lineOf(row, fields);
      },
      tell: (rows) =>
        emit({ kind: 'progress', step: 'collect', done: rows, total: 0, unit: 'rows', note: source.name }),
      signal,
    });
    return { from: maskSecrets(place.from), bytes, documents: (read) => documentsOf(path, source, read) };
  },
};
