import type { Pool } from 'pg';
import { importPostgres } from './peers.js';
import type { DatabaseServer } from './place.js';

/** PostgreSQL's eight-byte integers, which its client gives as text. */
const int8 = 20;

export async function postgresPool(server: DatabaseServer): Promise<Pool> {
  const postgres = await importPostgres();
  const { host, port, user, password, database, tls } = server;
  const pool = new postgres.Pool({
    host,
    port,
    user,
    password,
    database,
    ...(tls ? { ssl: true } : {}),
    max: 4,
    connectionTimeoutMillis: 10_000,
    types: {
      getTypeParser: (type, format) => (type === int8 ? Number : postgres.types.getTypeParser(type, format)),
    },
  });
  // A connection that the server closes while it is idle is no failure: the next query opens another.
  pool.on('error', () => undefined);
  return pool;
}
