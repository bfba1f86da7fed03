import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Columns,
  columnList,
  lockTo,
  openDatabase,
  parseRow,
  quoted,
  type Row,
  reading,
  sqlType,
} from './duckdb.js';
import { verifyChecksum } from './file-checksum.js';

/**
 * Asks a question of several tables at once: `sql` names each as `tables` does and gives the columns asked for; `$name` stands
 * for one of `values`, and `file_row_number` counts the rows of a table from 0. What does not fit into memory is written below
 * `spill`. Rows come in any order, unless the question says one. Errors: TABLE_CORRUPT.
 */
export async function* queryTables<const C extends Columns>(
  tables: Readonly<Record<string, string>>,
  {
    sql,
    columns,
    spill,
    values = {},
  }: {
    readonly sql: string;
    readonly columns: C;
    readonly spill: string;
    readonly values?: Readonly<Record<string, string>>;
  },
): AsyncGenerator<readonly Row<C>[], void, undefined> {
  const files = Object.entries(tables).map(([name, path]) => [name, resolve(path)] as const);
  for (const [, file] of files) await verifyChecksum(file);
  const { connection, close } = await openDatabase();
  try {
    await connection.run(`SET temp_directory = ${quoted(spill)}`);
    // Kept, it would have to hold all of what it reads.
    await connection.run('SET preserve_insertion_order = false');
    await lockTo(
      connection,
      files.map(([, file]) => file),
    );
    for (const [name, file] of files)
      await reading(file, () =>
        connection.run(`CREATE VIEW ${name} AS SELECT * FROM read_parquet(${quoted(file)}, file_row_number = true)`),
      );
    const shown = files.map(([, file]) => file).join(', ');
    const select = columnList(columns)
      .map(([name, type]) => `"${name}"::${sqlType(type)} AS "${name}"`)
      .join(', ');
    const result = await reading(shown, () => connection.stream(`SELECT ${select} FROM (${sql})`, { ...values }));
    const batches = result.yieldRowObjectJs();
    while (true) {
      const batch = await reading(shown, () => batches.next());
      if (batch.done === true) return;
      yield batch.value.map((row) => parseRow(shown, columns, row));
    }
  } finally {
    close();
    await rm(spill, { recursive: true, force: true });
  }
}
