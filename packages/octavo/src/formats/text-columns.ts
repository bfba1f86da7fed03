/** The texts of tables where DuckDB holds them, for native code: no JavaScript string is made of them. */
import { resolve } from 'node:path';
import { fail } from '../core/index.js';
import { lockTo, openDatabase, reading } from './duckdb.js';

/** Texts one after another. `items` holds addresses, which are good until `release` gives the memory back. */
export interface TextVector {
  readonly items: Uint8Array;
  readonly release: () => void;
}

export interface Rows {
  readonly from: number;
  readonly count: number;
}

const itemBytes = 16;

/** Opens the column `text` of tables whose checksums the caller has verified. One part is read at a time. */
export async function openTexts(paths: readonly string[]) {
  const files = paths.map((path) => resolve(path));
  const { default: duckdb } = await import('@duckdb/node-bindings');
  const { connection, close } = await openDatabase();
  await connection.run('SET parquet_metadata_cache = true');
  await lockTo(connection, files);
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(path: string, act: () => Promise<T>): Promise<T> => {
    const mine = turn.then(() => reading(path, act));
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    /** The groups of rows that a table was written in, the least that can be read, and the bytes of their texts. */
    groups: (path: string): Promise<readonly (Rows & { readonly bytes: number })[]> =>
      inTurn(path, async () => {
        const found = await connection.runAndReadAll(
          `SELECT row_group_num_rows::DOUBLE, total_uncompressed_size::DOUBLE FROM parquet_metadata($1)
           WHERE path_in_schema = 'text' ORDER BY row_group_id`,
          [resolve(path)],
        );
        let from = 0;
        return found.getRowsJS().map(([rows, bytes]) => {
          const group = { from, count: Number(rows), bytes: Number(bytes) };
          from += group.count;
          return group;
        });
      }),
    /** The texts of some rows in order. Errors: TABLE_CORRUPT. */
    texts: async (path: string, { from, count }: Rows): Promise<readonly TextVector[]> => {
      let rows = 0;
      const vectors = await inTurn(path, async () => {
        const found: TextVector[] = [];
        const result = await connection.stream(
          `SELECT text::VARCHAR FROM read_parquet($1, file_row_number = true)
           WHERE file_row_number >= ${from} AND file_row_number < ${from + count} AND text IS NOT NULL`,
          [resolve(path)],
        );
        while (true) {
          const chunk = await result.fetchChunk();
          if (chunk === null || chunk.rowCount === 0) return found;
          rows += chunk.rowCount;
          const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
          const items = duckdb.vector_get_data(vector, chunk.rowCount * itemBytes);
          // Without it the memory, of which the collector of garbage does not know, would be there for long.
          found.push({ items, release: () => chunk.reset() });
        }
      });
      if (rows === count) return vectors;
      throw fail('TABLE_CORRUPT', { what: `${rows} of the rows ${from} to ${from + count} have a text`, where: path });
    },
    close,
  };
}
