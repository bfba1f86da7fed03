import { type Kysely, sql } from 'kysely';
import { fail } from '../../core/index.js';
import type { StoreTables } from './tables.js';

export type DatabaseKind = 'sqlite' | 'mysql' | 'postgres';

interface Migration {
  readonly name: string;
  readonly apply: (db: Kysely<StoreTables>, kind: DatabaseKind) => Promise<void>;
}

/** Any text, of any length. MySQL's own TEXT ends at 64 KiB. */
const longText = (kind: DatabaseKind) => (kind === 'mysql' ? sql`longtext` : ('text' as const));

/** A table that compares text by its bytes and holds every character. */
const makeTable = (db: Kysely<StoreTables>, name: keyof StoreTables, kind: DatabaseKind) => {
  const table = db.schema.createTable(name).ifNotExists();
  return kind === 'mysql'
    ? table.modifyEnd(sql`engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin`)
    : table;
};

const labels: Migration = {
  name: 'labels',
  apply: async (db, kind) => {
    await makeTable(db, 'label_projects', kind)
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('settings', longText(kind), (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .execute();
    await makeTable(db, 'label_items', kind)
      .addColumn('project', 'varchar(64)', (column) => column.notNull())
      .addColumn('item', 'varchar(32)', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('content', longText(kind), (column) => column.notNull())
      .addPrimaryKeyConstraint('label_items_key', ['project', 'item'])
      .addUniqueConstraint('label_items_order', ['project', 'position'])
      .execute();
    await makeTable(db, 'label_claims', kind)
      .addColumn('project', 'varchar(64)', (column) => column.notNull())
      .addColumn('item', 'varchar(32)', (column) => column.notNull())
      .addColumn('annotator', 'varchar(32)', (column) => column.notNull())
      .addColumn('expires_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('label_claims_key', ['project', 'item', 'annotator'])
      .execute();
    await makeTable(db, 'label_annotations', kind)
      .addColumn('project', 'varchar(64)', (column) => column.notNull())
      .addColumn('item', 'varchar(32)', (column) => column.notNull())
      .addColumn('annotator', 'varchar(32)', (column) => column.notNull())
      .addColumn('content', longText(kind), (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('label_annotations_key', ['project', 'item', 'annotator'])
      .execute();
    await makeTable(db, 'label_suggestions', kind)
      .addColumn('project', 'varchar(64)', (column) => column.notNull())
      .addColumn('item', 'varchar(32)', (column) => column.notNull())
      .addColumn('origin', 'varchar(32)', (column) => column.notNull())
      .addColumn('content', longText(kind), (column) => column.notNull())
      .addColumn('priority', 'double precision', (column) => column.notNull())
      .addPrimaryKeyConstraint('label_suggestions_key', ['project', 'item', 'origin'])
      .execute();
  },
};

/** In the order of their numbers, from 1. One that was released is never changed: the next one changes what it made. */
const migrations: readonly Migration[] = [labels];

/** Any number that no other program is likely to lock by. */
const advisoryLock = 6_428_813;

const newer = (number: number, where: string) =>
  fail('STORE_NEWER', {
    what: `the database was changed by a later Octavo: it has migration ${number}, this one knows ${migrations.length}`,
    where,
    remedy: 'install that version again, or use another database',
  });

/** Applies what is not applied yet. The caller makes sure that one process is here at a time. */
async function applyAll(db: Kysely<StoreTables>, kind: DatabaseKind, now: () => number, where: string): Promise<void> {
  await makeTable(db, 'octavo_migrations', kind)
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'varchar(64)', (column) => column.notNull())
    .addColumn('applied_ms', 'bigint', (column) => column.notNull())
    .execute();
  const applied = new Set(
    (await db.selectFrom('octavo_migrations').select('number').execute()).map(({ number }) => Number(number)),
  );
  const highest = Math.max(0, ...applied);
  if (highest > migrations.length) throw newer(highest, where);
  for (const [at, { name, apply }] of migrations.entries()) {
    if (applied.has(at + 1)) continue;
    await apply(db, kind);
    await db
      .insertInto('octavo_migrations')
      .values({ number: at + 1, name, applied_ms: now() })
      .execute();
  }
}

/**
 * Brings the tables up to date. Several processes may start at once: one migrates, the others wait and find it done. A
 * process that was killed half-way is no harm: SQLite and PostgreSQL undo it, on MySQL each statement can be repeated.
 * Errors: STORE_NEWER.
 */
export async function migrate(
  db: Kysely<StoreTables>,
  { kind, now, where }: { readonly kind: DatabaseKind; readonly now: () => number; readonly where: string },
): Promise<void> {
  if (kind !== 'mysql') {
    await db.transaction().execute(async (inside) => {
      if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${advisoryLock})`.execute(inside);
      await applyAll(inside, kind, now, where);
    });
    return;
  }
  await db.connection().execute(async (inside) => {
    const { rows } = await sql<{
      readonly got: number | null;
    }>`select get_lock('octavo_migrations', 60) as got`.execute(inside);
    if (Number(rows[0]?.got ?? 0) !== 1)
      throw fail('STORE_BUSY', {
        what: 'another program has migrated the database for a minute',
        where,
        remedy: 'try again',
      });
    try {
      await applyAll(inside, kind, now, where);
    } finally {
      await sql`select release_lock('octavo_migrations')`.execute(inside);
    }
  });
}
