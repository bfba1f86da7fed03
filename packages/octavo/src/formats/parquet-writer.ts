import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { invariant, notWritten } from '../core/index.js';
import { writePiecesAtomic } from './atomic-stream.js';
import {
  type Columns,
  columnList,
  isList,
  isNullable,
  openDatabase,
  packed,
  quoted,
  type Row,
  sqlType,
  unpacked,
} from './duckdb.js';
import { writeChecksum } from './file-checksum.js';
import { joinedParquet } from './parquet-footer.js';

export interface WrittenTable {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Rows are written by groups, of which one at a time is in memory, some times over: it ends with so many rows or bytes. */
const [rowsOfGroup, bytesOfGroup] = [2048, 32 * 2 ** 20];
/** Of a list, beside its text: it is cut, cast and copied. */
const bytesOfItem = 64;

/** DuckDB says why a write failed only in prose. */
const diskErrors: readonly (readonly [RegExp, string])[] = [
  [/no space left/i, 'ENOSPC'],
  [/quota/i, 'EDQUOT'],
  [/read-only/i, 'EROFS'],
  [/permission denied/i, 'EACCES'],
  [/no such file/i, 'ENOENT'],
  [/out of memory/i, 'ENOMEM'],
];

async function writing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const code = diskErrors.find(([pattern]) => pattern.test(message))?.[1] ?? 'EIO';
    throw notWritten(path, Object.assign(new Error(message, { cause }), { code }));
  }
}

/** Returns the bytes that the row's texts and lists take. */
function appendRow(
  appender: DuckDBAppender,
  list: ReturnType<typeof columnList>,
  row: Readonly<Record<string, unknown>>,
): number {
  let bytes = 0;
  const appendText = (text: string): void => {
    appender.appendVarchar(text);
    bytes += Buffer.byteLength(text);
  };
  for (const [name, type] of list) {
    const value = row[name];
    if (value === undefined && isNullable(type)) appender.appendNull();
    else if (isList(type) && Array.isArray(value)) {
      invariant(!value.some((item) => String(item).includes('\0')), `column ${name} holds no NUL`);
      appendText(packed(value));
      bytes += bytesOfItem * value.length;
    } else if (sqlType(type) === 'VARCHAR' && typeof value === 'string') appendText(value);
    else if (type === 'integer' && Number.isSafeInteger(value)) appender.appendBigInt(BigInt(Number(value)));
    else if (type === 'number' && typeof value === 'number') appender.appendDouble(value);
    else invariant(false, `column ${name} holds ${type}, not ${typeof value}`);
  }
  appender.endRow();
  return bytes;
}

/** Parquet files of a group of rows each. */
async function* groupsOf<C extends Columns>(
  path: string,
  columns: C,
  {
    rows,
    connection,
  }: { readonly rows: AsyncIterable<Row<C>> | Iterable<Row<C>>; readonly connection: DuckDBConnection },
): AsyncGenerator<{ readonly file: Buffer; readonly count: number }, void, undefined> {
  const list = columnList(columns);
  const fields = list.map(
    ([name, type]) => `"${name}" ${isList(type) ? 'VARCHAR' : sqlType(type)}${isNullable(type) ? '' : ' NOT NULL'}`,
  );
  const select = list.map(([name, type]) => unpacked(name, type)).join(', ');
  const beside = `${path}.group`;
  const begun = async (): Promise<DuckDBAppender> => {
    await connection.run(`CREATE OR REPLACE TABLE rows (${fields.join(', ')})`);
    return connection.createAppender('rows');
  };
  let appender = await begun();
  const ended = async (): Promise<Buffer> => {
    appender.closeSync();
    // Nobody asks for the filters, which would lie at the end of the file.
    const format = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowsOfGroup}, WRITE_BLOOM_FILTER false`;
    await writing(path, () => connection.run(`COPY (SELECT ${select} FROM rows) TO ${quoted(beside)} (${format})`));
    return readFile(beside);
  };
  let count = 0;
  let bytes = 0;
  try {
    for await (const row of rows) {
      bytes += appendRow(appender, list, row);
      if (++count < rowsOfGroup && bytes < bytesOfGroup) continue;
      yield { file: await ended(), count };
      appender = await begun();
      [count, bytes] = [0, 0];
    }
    // The last may be empty, as the whole table may.
    yield { file: await ended(), count };
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Writes a table, and its checksum beside it; rows keep their order. Memory holds one group of them. If the source of rows
 * throws, nothing is left under `path`. Errors: FILE_NOT_WRITTEN.
 */
export async function writeDocuments<const C extends Columns>(
  path: string,
  { columns }: { readonly columns: C },
  rows: AsyncIterable<Row<C>> | Iterable<Row<C>>,
): Promise<WrittenTable> {
  const { connection, close } = await openDatabase();
  const hash = createHash('sha256');
  const joined = joinedParquet();
  let count = 0;
  let sha256 = '';
  const pieces = async function* () {
    const hashed = (bytes: Buffer): Buffer => {
      hash.update(bytes);
      return bytes;
    };
    for await (const group of groupsOf(path, columns, { rows, connection })) {
      count += group.count;
      yield hashed(joined.add(group.file));
    }
    yield hashed(joined.end());
    sha256 = hash.digest('hex');
    // Before the table has its name: there is none without a checksum.
    writeChecksum(path, sha256);
  };
  try {
    const bytes = await writePiecesAtomic(path, pieces());
    return { rows: count, bytes, sha256 };
  } finally {
    close();
  }
}
