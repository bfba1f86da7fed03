/**
 * Document tables: Parquet files (zstd) through DuckDB, written whole or not at all, with a checksum beside each that is
 * verified before a byte is parsed. Rows come and go as streams, so a table may be larger than memory.
 */
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DuckDBAppender } from '@duckdb/node-api';
import { invariant, notWritten, syncFolder } from '../core/index.js';
import {
  type Columns,
  columnList,
  isList,
  isNullable,
  lockTo,
  openDatabase,
  packed,
  parseRow,
  quoted,
  type Row,
  reading,
  sqlType,
  unpacked,
} from './duckdb.js';
import { fileSha256, verifyChecksum, writeChecksum } from './file-checksum.js';

export interface WrittenTable {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

const rowsPerGroup = 2048;
/** Megabytes: a table that is written fills what it may take. DuckDB sorts on disk, but fails at 1 GB of text with half as much. */
const [memoryToWrite, memoryToSort] = [384, 768];
/** A group of rows is written as one, however wide they are, and is held several times over. */
const copiesOfGroup = 4;
/** Of a list, beside its text. */
const bytesOfItem = 16;

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

async function syncFile(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes a table, and its checksum beside it. Rows keep their order, or are sorted by one column. If the source of rows
 * throws, nothing is left under `path`. Errors: FILE_NOT_WRITTEN.
 */
export async function writeDocuments<const C extends Columns>(
  path: string,
  table: { readonly columns: C; readonly orderBy?: keyof C & string },
  rows: AsyncIterable<Row<C>> | Iterable<Row<C>>,
): Promise<WrittenTable> {
  const list = columnList(table.columns);
  const partial = `${path}.partial`;
  const spill = `${path}.spill`;
  const least = table.orderBy === undefined ? memoryToWrite : memoryToSort;
  let count = 0;
  let group = 0;
  let widest = 0;
  try {
    const { connection, close } = await openDatabase(least);
    const allowGroup = async (): Promise<void> => {
      if (group > widest) {
        widest = group;
        await connection.run(`SET memory_limit = '${least + Math.ceil((copiesOfGroup * widest) / 1e6)}MB'`);
      }
      group = 0;
    };
    try {
      await connection.run(`SET temp_directory = ${quoted(spill)}`);
      await connection.run(
        `CREATE TABLE rows (${list.map(([name, type]) => `"${name}" ${isList(type) ? 'VARCHAR' : sqlType(type)}${isNullable(type) ? '' : ' NOT NULL'}`).join(', ')})`,
      );
      const appender = await connection.createAppender('rows');
      for await (const row of rows) {
        group += appendRow(appender, list, row);
        if (++count % rowsPerGroup !== 0) continue;
        await allowGroup();
        appender.flushSync();
      }
      await allowGroup();
      appender.closeSync();
      const order = table.orderBy === undefined ? '' : `ORDER BY "${table.orderBy}"`;
      const format = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowsPerGroup}`;
      const select = list.map(([name, type]) => unpacked(name, type)).join(', ');
      await writing(path, () =>
        connection.run(`COPY (SELECT ${select} FROM rows ${order}) TO ${quoted(partial)} (${format})`),
      );
    } finally {
      close();
    }
    const sha256 = await fileSha256(partial);
    await writing(path, () => syncFile(partial));
    writeChecksum(path, sha256);
    await rename(partial, path);
    syncFolder(dirname(path));
    return { rows: count, bytes: (await stat(path)).size, sha256 };
  } finally {
    await rm(partial, { force: true });
    await rm(spill, { recursive: true, force: true });
  }
}

/**
 * Reads a table in batches of at most 2,048 rows, only the columns asked for, in the order written. With `rows` it reads
 * a part; the checksum is then left to the caller, who verifies it once for all parts. With `ids` it reads the rows of
 * these ids. Errors: TABLE_CORRUPT.
 */
export async function* readDocuments<const C extends Columns>(
  path: string,
  table: {
    readonly columns: C;
    readonly rows?: { readonly from: number; readonly count: number };
    readonly ids?: readonly string[];
  },
): AsyncGenerator<readonly Row<C>[], void, undefined> {
  const list = columnList(table.columns);
  const file = resolve(path);
  const { rows, ids } = table;
  if (rows === undefined) await verifyChecksum(file);
  const { connection, close } = await openDatabase();
  try {
    await lockTo(connection, [file]);
    const select = list.map(([name, type]) => `documents."${name}"::${sqlType(type)} AS "${name}"`).join(', ');
    // Groups of rows outside the part are passed over unread.
    const wanted = [
      ...(rows === undefined
        ? []
        : [`file_row_number >= ${rows.from} AND file_row_number < ${rows.from + rows.count}`]),
      ...(ids === undefined ? [] : ['id IN (SELECT unnest(CAST($2 AS VARCHAR[])))']),
    ];
    const place = `read_parquet($1${rows === undefined ? '' : ', file_row_number = true'}) AS documents`;
    const where = wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`;
    const result = await reading(path, async () => {
      const { LIST, VARCHAR, listValue } = await import('@duckdb/node-api');
      return ids === undefined
        ? connection.stream(`SELECT ${select} FROM ${place} ${where}`, [file])
        : connection.stream(
            `SELECT ${select} FROM ${place} ${where}`,
            [file, listValue(ids)],
            [VARCHAR, LIST(VARCHAR)],
          );
    });
    const batches = result.yieldRowObjectJs();
    while (true) {
      const batch = await reading(path, () => batches.next());
      if (batch.done === true) return;
      yield batch.value.map((row) => parseRow(path, table.columns, row));
    }
  } finally {
    close();
  }
}
