/** Rows of a query on any of the databases, as a stream, inside a transaction that cannot write. */
import { fail, maskSecrets, OctavoError } from '../../core/index.js';
import { mysqlOptions } from '../store/mysql-dialect.js';
import { importPostgres, importStreamingMysql } from '../store/peers.js';
import type { DatabaseServer } from '../store/place.js';
import { openSqliteFile } from '../store/sqlite-file.js';

export type SqlRow = Readonly<Record<string, unknown>>;
export type SqlPlace = { readonly kind: 'sqlite' | 'duckdb'; readonly file: string } | DatabaseServer;

async function* sqliteRows(file: string, query: string): AsyncGenerator<SqlRow> {
  const database = await openSqliteFile(file, { readOnly: true });
  try {
    database.all('PRAGMA query_only = ON', []);
    yield* database.iterate(query, []);
  } finally {
    database.close();
  }
}

async function* duckdbRows(file: string, query: string): AsyncGenerator<SqlRow> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  // A query reads the tables of this file and nothing else of the machine.
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', enable_external_access: 'false' });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(query);
    const names = result.deduplicatedColumnNames();
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk())
      for (const row of chunk.getRows()) yield Object.fromEntries(names.map((name, at) => [name, row[at]]));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function* mysqlRows(server: DatabaseServer, query: string): AsyncGenerator<SqlRow> {
  const mysql = await importStreamingMysql();
  const connection = mysql.createConnection({
    ...mysqlOptions(server),
    supportBigNumbers: true,
    dateStrings: true,
  });
  try {
    await connection.promise().query('set session transaction read only');
    await connection.promise().query('start transaction read only');
    for await (const row of connection.query(query).stream({ highWaterMark: 64 })) yield row;
  } finally {
    connection.destroy();
  }
}

/** Rows that are asked for at a time. */
const fetchRows = 200;

async function* postgresRows(
  { host, port, user, password, database, tls }: DatabaseServer,
  query: string,
): AsyncGenerator<SqlRow> {
  const postgres = await importPostgres();
  const client = new postgres.Client({
    host,
    port,
    user,
    password,
    database,
    ...(tls ? { ssl: true } : {}),
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin read only');
    await client.query(`declare octavo no scroll cursor for ${query.replace(/;\s*$/, '')}`);
    for (;;) {
      const { rows } = await client.query<SqlRow>(`fetch ${fetchRows} from octavo`);
      if (rows.length === 0) return;
      yield* rows;
    }
  } finally {
    await client.end();
  }
}

const rowsOf = (place: SqlPlace, query: string): AsyncGenerator<SqlRow> => {
  if ('file' in place) return place.kind === 'sqlite' ? sqliteRows(place.file, query) : duckdbRows(place.file, query);
  return place.kind === 'mysql' ? mysqlRows(place, query) : postgresRows(place, query);
};

/** The rows of the user's own query. Errors: DATA_SOURCE, PACKAGE_ABSENT. */
export async function* sqlRows(
  place: SqlPlace,
  { query, where }: { readonly query: string; readonly where: string },
): AsyncGenerator<SqlRow> {
  try {
    yield* rowsOf(place, query);
  } catch (cause) {
    if (cause instanceof OctavoError) throw cause;
    throw fail('DATA_SOURCE', {
      what: `the query could not be read: ${maskSecrets(cause instanceof Error ? cause.message : String(cause)).slice(0, 300)}`,
      where,
      remedy: 'try the query in the database’s own client; it may only read',
      cause,
    });
  }
}
