/** DuckDB as the reader and writer of tables: private databases that see only the files they are given. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { fail, invariant } from '../core/index.js';

/** What the columns of a table hold. */
interface Values {
  readonly text: string;
  readonly integer: number;
  readonly number: number;
  readonly texts: readonly string[];
  readonly flags: readonly boolean[];
  /** In single precision. */
  readonly numbers: readonly number[];
}
type Kind = keyof Values;
/** `text?` and its like may be absent; nothing else is null. */
export type ColumnType = Kind | 'text?' | 'texts?' | 'flags?' | 'numbers?';
export type Columns = Readonly<Record<string, ColumnType>>;
type Value<T extends ColumnType> = T extends `${infer K extends Kind}?`
  ? Values[K]
  : T extends Kind
    ? Values[T]
    : never;
/** One row of a table: `{ id: 'text', url: 'text?', bytes: 'integer' }` holds `{ id: string, url?: string, bytes: number }`. */
export type Row<C extends Columns> = {
  readonly [Name in keyof C as C[Name] extends `${string}?` ? never : Name]: Value<C[Name]>;
} & { readonly [Name in keyof C as C[Name] extends `${string}?` ? Name : never]?: Value<C[Name]> | undefined };

const sqlTypes: Record<Kind, string> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  texts: 'VARCHAR[]',
  flags: 'BOOLEAN[]',
  numbers: 'FLOAT[]',
};
export const isNullable = (type: ColumnType): boolean => type.endsWith('?');
export const sqlType = (type: ColumnType): string => sqlTypes[type.replace('?', '') as Kind];
export const isList = (type: ColumnType): boolean => sqlType(type).endsWith('[]');
/** A list on its way into a table, far faster than as a value of DuckDB: each item is followed by NUL. */
export const packed = (items: readonly unknown[]): string => items.map((item) => `${item}\0`).join('');
export const unpacked = (name: string, type: ColumnType): string => {
  if (!isList(type)) return `"${name}"`;
  const items = `string_split("${name}", chr(0))`;
  if (type.startsWith('texts')) return `${items}[:-2] AS "${name}"`;
  // A slice keeps what it cuts off where a cast still meets it.
  return `list_filter(${items}, lambda item: item <> '')::${sqlType(type)} AS "${name}"`;
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

/** One private, single-threaded database that takes at most so many megabytes: order and bytes of what it writes do not depend on the machine. */
export async function openDatabase(megabytes = 1000): Promise<Database> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${megabytes}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // It would hold what was read once, up to the limit.
    enable_external_file_cache: 'false',
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

const itemTypes: Partial<Record<string, string>> = { texts: 'string', flags: 'boolean', numbers: 'number' };

export function parseRow<C extends Columns>(path: string, columns: C, row: Readonly<Record<string, unknown>>): Row<C> {
  const parsed = Object.entries(columns).map(([name, type]): [string, unknown] => {
    const value = row[name];
    if (isNullable(type) && (value === null || value === undefined)) return [name, undefined];
    const itemType = itemTypes[type.replace('?', '')];
    if (itemType !== undefined && Array.isArray(value) && value.every((item) => typeof item === itemType))
      return [name, value];
    if (sqlType(type) === 'VARCHAR' && typeof value === 'string') return [name, value];
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
