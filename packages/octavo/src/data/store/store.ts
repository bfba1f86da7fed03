import { setTimeout as sleep } from 'node:timers/promises';
import { type Dialect, Kysely, PostgresDialect, type Transaction } from 'kysely';
import { type Clock, fail, maskSecrets, OctavoError } from '../../core/index.js';
import { type DatabaseKind, migrate } from './migrations.js';
import { mysqlDialect } from './mysql-dialect.js';
import { type DatabasePlace, parseDatabasePlace } from './place.js';
import { postgresPool } from './postgres-pool.js';
import { sqliteDialect } from './sqlite-dialect.js';
import type { StoreTables } from './tables.js';

/** Labels, and whatever else is small and shared, in a database. */
export interface Store extends AsyncDisposable {
  readonly kind: DatabaseKind;
  /** Where it is, fit to be shown. */
  readonly shown: string;
  readonly db: Kysely<StoreTables>;
  /** All of `work` happens or none of it; repeated when the database had to choose between two that met. */
  readonly transaction: <Result>(work: (inside: Transaction<StoreTables>) => Promise<Result>) => Promise<Result>;
}

const dialectOf = async (place: DatabasePlace): Promise<Dialect> => {
  if (place.kind === 'sqlite') return sqliteDialect(place.file);
  if (place.kind === 'mysql') return mysqlDialect(place);
  return new PostgresDialect({ pool: await postgresPool(place) });
};

/** What MySQL and PostgreSQL say to the one of two transactions that has to begin again. */
const beginAgain = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', '40001', '40P01']);
const attempts = 8;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const transactionOf =
  (db: Kysely<StoreTables>): Store['transaction'] =>
  async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction().execute(work);
      } catch (error) {
        if (attempt === attempts || !beginAgain.has(codeOf(error))) throw error;
        await sleep(5 * 2 ** attempt);
      }
    }
  };

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'start the database server, or correct host and port',
  ENOTFOUND: 'correct the host',
  ETIMEDOUT: 'check that this machine may reach the host',
  ER_ACCESS_DENIED_ERROR: 'correct user and password',
  '28P01': 'correct user and password',
  ER_BAD_DB_ERROR: 'make the database first: CREATE DATABASE …',
  '3D000': 'make the database first: CREATE DATABASE …',
};

/**
 * Opens the database at `place` (see `data.store`) and brings its tables up to date.
 * Errors: STORE_URL, STORE_UNREACHABLE, STORE_BUSY, STORE_NEWER, PACKAGE_ABSENT.
 */
export async function openStore(
  place: string,
  { projectFolder, clock }: { readonly projectFolder: string; readonly clock: Clock },
): Promise<Store> {
  const parsed = parseDatabasePlace(place, projectFolder);
  const shown = maskSecrets(parsed.kind === 'sqlite' ? parsed.file : place);
  const db = new Kysely<StoreTables>({ dialect: await dialectOf(parsed) });
  try {
    await migrate(db, { kind: parsed.kind, now: clock.now, where: shown });
  } catch (cause) {
    await db.destroy();
    if (cause instanceof OctavoError) throw cause;
    throw fail('STORE_UNREACHABLE', {
      what: `the database cannot be used (${codeOf(cause) || (cause instanceof Error ? cause.message : 'unknown error')})`,
      where: shown,
      remedy: remedies[codeOf(cause)] ?? 'check that the server runs, and that its user may make tables',
      cause,
    });
  }
  return {
    kind: parsed.kind,
    shown,
    db,
    transaction: transactionOf(db),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}
