import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { importMysql } from './peers.js';
import type { DatabaseServer } from './place.js';

type Bound = string | number | bigint | boolean | null | Buffer;

/** Whole numbers go as text: the protocol would send them as floating point, which LIMIT refuses. */
const bound = (value: unknown): Bound => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || value instanceof Buffer)
    return value;
  throw new TypeError(`a value of kind ${typeof value} cannot be stored`);
};

/** Kysely's rows are of the type that the query says; the database gives no more than records. */
const rowsAs = <Row>(rows: readonly unknown[]): Row[] => rows as Row[];

/**
 * Sends every value apart from its statement. mysql2's `query`, which kysely's own dialect calls, writes values into the
 * statement with backslashes, and a server can be told to take backslashes for letters.
 */
class Connection implements DatabaseConnection {
  constructor(readonly raw: PoolConnection) {}

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const [result] =
      parameters.length === 0 ? await this.raw.query(sql) : await this.raw.execute(sql, parameters.map(bound));
    if (Array.isArray(result)) return { rows: rowsAs<Row>(result) };
    return { rows: [], numAffectedRows: BigInt(result.affectedRows) };
  }

  // biome-ignore lint/correctness/useYield: the store reads whole results, sources stream by themselves
  async *streamQuery(): AsyncGenerator<never> {
    throw new TypeError('results are not streamed');
  }
}

const say = async (connection: DatabaseConnection, statement: string): Promise<void> => {
  await connection.executeQuery(CompiledQuery.raw(statement));
};

/** Where a pool of connections finds its server. */
export const mysqlOptions = ({ host, port, user, password, database, tls }: DatabaseServer) => ({
  host,
  port,
  user,
  password,
  database,
  ...(tls ? { ssl: {} } : {}),
  charset: 'utf8mb4_bin',
  connectTimeout: 10_000,
});

/** MariaDB and MySQL for kysely. Errors: PACKAGE_ABSENT. */
export async function mysqlDialect(server: DatabaseServer): Promise<Dialect> {
  const mysql = await importMysql();
  const pool: Pool = mysql.createPool({ ...mysqlOptions(server), connectionLimit: 4 });
  const held = new WeakMap<DatabaseConnection, PoolConnection>();
  return {
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => ({
      init: async () => undefined,
      acquireConnection: async () => {
        const raw = await pool.getConnection();
        const connection = new Connection(raw);
        held.set(connection, raw);
        return connection;
      },
      beginTransaction: (connection) => say(connection, 'begin'),
      commitTransaction: (connection) => say(connection, 'commit'),
      rollbackTransaction: (connection) => say(connection, 'rollback'),
      releaseConnection: async (connection) => held.get(connection)?.release(),
      destroy: () => pool.end(),
    }),
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  };
}
