import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { RunLock } from '../../project/index.js';
import { takeTurn } from './file-turn.js';
import { clearLeftLock, openSqliteFile, type SqliteFile, type SqliteValue } from './sqlite-file.js';

const bound = (value: unknown): SqliteValue => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Uint8Array
  )
    return value;
  throw new TypeError(`a value of kind ${typeof value} cannot be stored`);
};

/** Kysely's rows are of the type that the query says; the database gives no more than records. */
const rowsAs = <Row>(rows: readonly unknown[]): Row[] => rows as Row[];

const connectionTo = (file: SqliteFile): DatabaseConnection => ({
  async executeQuery<Row>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<Row>> {
    const values = parameters.map(bound);
    if (query.kind === 'SelectQueryNode' || query.kind === 'RawNode')
      return { rows: rowsAs<Row>(file.all(sql, values)) };
    return { rows: [], numAffectedRows: BigInt(file.run(sql, values)) };
  },
  // biome-ignore lint/correctness/useYield: the store reads whole results, sources stream by themselves
  streamQuery: async function* () {
    throw new TypeError('results are not streamed');
  },
});

interface Session {
  readonly file: SqliteFile;
  readonly connection: DatabaseConnection;
}

/**
 * One user of the file at a time, in this process and among all: whoever has a connection has the file's turn. Nothing is
 * held between transactions, so processes take turns many times a second.
 */
function driverOf(path: string): Driver {
  let session: Promise<Session> | undefined;
  let line: Promise<void> = Promise.resolve();
  let turn: { readonly lock: RunLock; readonly next: () => void } | undefined;
  const open = async (): Promise<Session> => {
    const file = await openSqliteFile(path);
    for (const pragma of ['PRAGMA busy_timeout = 5000', 'PRAGMA foreign_keys = ON', 'PRAGMA synchronous = FULL'])
      file.all(pragma, []);
    return { file, connection: connectionTo(file) };
  };
  const release = (): void => {
    const ended = turn;
    turn = undefined;
    ended?.lock.release();
    ended?.next();
  };
  return {
    init: async () => undefined,
    async acquireConnection() {
      const before = line;
      let next: () => void = () => undefined;
      line = new Promise((resolve) => {
        next = resolve;
      });
      await before;
      try {
        turn = { lock: await takeTurn(path), next };
      } catch (error) {
        next();
        throw error;
      }
      try {
        clearLeftLock(path);
        session ??= open();
        return (await session).connection;
      } catch (error) {
        session = undefined;
        release();
        throw error;
      }
    },
    beginTransaction: async () => void (await session)?.file.run('BEGIN IMMEDIATE', []),
    commitTransaction: async () => void (await session)?.file.run('COMMIT', []),
    rollbackTransaction: async () => void (await session)?.file.run('ROLLBACK', []),
    releaseConnection: async () => release(),
    async destroy() {
      (await session)?.file.close();
      session = undefined;
    },
  };
}

/** SQLite for kysely, on whichever SQLite this Node has. */
export const sqliteDialect = (path: string): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => driverOf(path),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});
