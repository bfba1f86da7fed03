/**
 * Document tables: Parquet files (zstd) through DuckDB, written whole or not at all, with a checksum beside each that is
 * verified before a byte is parsed. Rows come and go as streams, so a table may be larger than memory.
 */
import { resolve } from 'node:path';
import { type Columns, columnList, lockTo, openDatabase, parseRow, type Row, reading, sqlType } from './duckdb.js';
import { verifyChecksum } from './file-checksum.js';

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
