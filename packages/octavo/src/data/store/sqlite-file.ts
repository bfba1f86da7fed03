/**
 * One interface over two SQLites: Node's own where this Node has it, else the WebAssembly build. Callers hold the file's
 * turn (`file-turn.ts`) while they use it: the two lock files in different ways, and the second only by a folder beside the
 * file that outlives a killed process.
 */
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../../core/index.js';

export type SqliteValue = string | number | bigint | null | Uint8Array;
export type SqliteRow = Readonly<Record<string, unknown>>;

export interface SqliteFile {
  readonly all: (sql: string, values: readonly SqliteValue[]) => readonly SqliteRow[];
  readonly iterate: (sql: string, values: readonly SqliteValue[]) => Iterable<SqliteRow>;
  /** Rows changed. */
  readonly run: (sql: string, values: readonly SqliteValue[]) => number;
  readonly close: () => void;
}

interface NodeStatement {
  readonly all: (...values: readonly SqliteValue[]) => readonly SqliteRow[];
  readonly iterate: (...values: readonly SqliteValue[]) => Iterable<SqliteRow>;
  readonly run: (...values: readonly SqliteValue[]) => { readonly changes: number | bigint };
}
interface NodeDatabase {
  readonly prepare: (sql: string) => NodeStatement;
  readonly close: () => void;
}
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => NodeDatabase;
}

const isNodeSqlite = (value: unknown): value is NodeSqlite =>
  typeof value === 'object' && value !== null && 'DatabaseSync' in value;

/** Node's own SQLite, where this Node has it. */
const nodeSqlite = (): NodeSqlite | undefined => {
  const given: unknown = process.getBuiltinModule('node:sqlite');
  return isNodeSqlite(given) ? given : undefined;
};

const openByNode = ({ DatabaseSync }: NodeSqlite, path: string, readOnly: boolean): SqliteFile => {
  const database = new DatabaseSync(path, { readOnly });
  return {
    all: (sql, values) => database.prepare(sql).all(...values),
    iterate: (sql, values) => database.prepare(sql).iterate(...values),
    run: (sql, values) => Number(database.prepare(sql).run(...values).changes),
    close: () => database.close(),
  };
};

async function openByWasm(path: string, readOnly: boolean): Promise<SqliteFile> {
  const { default: sqlite } = await import('node-sqlite3-wasm');
  const database = new sqlite.Database(path, { readOnly, fileMustExist: readOnly });
  return {
    all: (sql, values) => database.all(sql, [...values]),
    *iterate(sql, values) {
      const statement = database.prepare(sql);
      try {
        yield* statement.iterate([...values]);
      } finally {
        statement.finalize();
      }
    },
    run: (sql, values) => database.run(sql, [...values]).changes,
    close: () => database.close(),
  };
}

const unreadable = (path: string, cause: unknown) =>
  fail('STORE_UNREACHABLE', {
    what: `cannot be used as an SQLite database (${cause instanceof Error ? cause.message : String(cause)})`,
    where: path,
    remedy: 'give the path of an SQLite file, or of one that can be made; check its permissions',
    cause,
  });

/** Takes away the lock of the WebAssembly build that a killed process left. Only the holder of the file's turn may. */
export const clearLeftLock = (path: string): void => {
  try {
    rmdirSync(`${path}.lock`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};

/** Opens a file, and makes it unless `readOnly`. Errors: STORE_UNREACHABLE. */
export async function openSqliteFile(
  path: string,
  { readOnly = false, own = nodeSqlite() }: { readonly readOnly?: boolean; readonly own?: NodeSqlite | undefined } = {},
): Promise<SqliteFile> {
  if (readOnly && !existsSync(path)) throw unreadable(path, new Error('there is no such file'));
  try {
    if (!readOnly) mkdirSync(dirname(path), { recursive: true });
    return own === undefined ? await openByWasm(path, readOnly) : openByNode(own, path, readOnly);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
