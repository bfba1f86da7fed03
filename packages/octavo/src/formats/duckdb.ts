/** DuckDB as the reader and writer of tables: private databases that see only the files they are given. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { fail, invariant } from '../core/index.js';

/** `text?` may be absent; nothing else is null. */
export type ColumnType = 'text' | 'text?' | 'integer' | 'number';
export type Columns = Readonly<Record<string, ColumnType>>;
/** One row of a table: `{ id: 'text', url: 'text?', bytes: 'integer' }` holds `{ id: string, url?: string, bytes: number }`. */
export type Row<C extends Columns> = {
  readonly [Name in keyof C as C[Name] extends 'text?' ? never : Name]: C[Name] extends 'text' ? string : number;
} & { readonly [Name in keyof C as C[Name] extends 'text?' ? Name : never]?: string | undefined };

export const sqlType: Record<ColumnType, string> = {
  text: 'VARCHAR',
  'text?': 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
};
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export function columnList(columns: Columns): readonly (readonly [string, ColumnType])[] {
  const list = Object.entries(columns);
  invariant(list.length > 0, 'a table has columns');
  for (const [name] of list) invariant(/^[a-z][a-z0-9_]*$/.test(name), `${name} is a column name`);
  return list;
}

interface Database {
  readonly connection: DuckDBConnection;
  readonly close: () => void;
}

/** One private, single-threaded database: order and bytes of what it writes do not depend on the machine. */
export async function openDatabase(): Promise<Database> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export async function reading<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const what = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    const remedy = 'delete the folder of the step that wrote it and run again: the step is redone';
    throw fail('TABLE_CORRUPT', { what, where: path, remedy, cause });
  }
}

export function parseRow<C extends Columns>(path: string, columns: C, row: Readonly<Record<string, unknown>>): Row<C> {
  const parsed = Object.entries(columns).map(([name, type]): [string, string | number | undefined] => {
    const value = row[name];
    if (type === 'text?' && (value === null || value === undefined)) return [name, undefined];
    if ((type === 'text' || type === 'text?') && typeof value === 'string') return [name, value];
    if (type === 'integer' && typeof value === 'bigint' && Number.isSafeInteger(Number(value)))
      return [name, Number(value)];
    if (type === 'number' && typeof value === 'number') return [name, value];
    throw fail('TABLE_CORRUPT', {
      what: `column ${name} holds ${String(value).slice(0, 40)} where ${type} should be`,
      where: path,
    });
  });
  return Object.fromEntries(parsed) as Row<C>;
}

/** Lets a database see some files and no more: nothing that a table or a query says can open another. */
export async function lockTo(connection: DuckDBConnection, files: readonly string[]): Promise<void> {
  for (const setting of [
    `allowed_paths = [${files.map(quoted).join(', ')}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ])
    await connection.run(`SET ${setting}`);
}
