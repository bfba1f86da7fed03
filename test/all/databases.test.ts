/** The store on a real MariaDB and a real PostgreSQL: what SQLite is held to in the fast tests, and many at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileTexts } from '../../packages/octavo/src/data/label/hostile-texts.test-support.js';
import { sharesOut, storesEveryText } from '../../packages/octavo/src/data/label/store-oracle.test-support.js';
import { readSource } from '../../packages/octavo/src/data/sources/read-source.test-support.js';
import { openStore, type Store } from '../../packages/octavo/src/data/store/store.js';
import { type DatabaseServer, hasMariadb, hasPostgres, startMariadb, startPostgres } from './support/servers.js';

if (!hasMariadb) console.warn('skipped: MariaDB, because it is not installed (apt-get install mariadb-server)');
if (!hasPostgres) console.warn('skipped: PostgreSQL, because it is not installed (apt-get install postgresql)');

const open = (url: string): Promise<Store> => openStore(url, { projectFolder: '/', clock: { now: () => 7 } });

const columnsOf = async ({ db, kind }: Store): Promise<readonly unknown[]> => {
  const schema = kind === 'mysql' ? sql`database()` : sql`'public'`;
  const { rows } =
    await sql`select table_name, column_name, data_type from information_schema.columns where table_schema = ${schema} order by table_name, column_name`.execute(
      db,
    );
  return rows;
};

const servers: readonly (readonly [string, boolean, () => Promise<DatabaseServer>])[] = [
  ['MariaDB', hasMariadb, () => startMariadb()],
  // Here a backslash is a letter: values that are escaped into statements by backslashes would get out.
  ['MariaDB without backslashes', hasMariadb, () => startMariadb('--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES')],
  ['PostgreSQL', hasPostgres, startPostgres],
];

for (const [name, isThere, start] of servers)
  describe.skipIf(!isThere)(name, () => {
    let server: DatabaseServer | undefined;
    const url = (): string => server?.url ?? '';
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    it('is migrated once by many that start together', async () => {
      const stores = await Promise.all(Array.from({ length: 6 }, () => open(url())));
      for (const { db } of stores)
        expect(await db.selectFrom('octavo_migrations').select(['number', 'applied_ms']).execute()).toEqual([
          { number: 1, applied_ms: 7 },
        ]);
      await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
    });

    it('keeps every text in every field, and the schema stays', async () => {
      await using store = await open(url());
      const before = await columnsOf(store);
      expect(before.length).toBeGreaterThan(20);
      await storesEveryText(store);
      expect(await columnsOf(store)).toEqual(before);
    });

    it('shares out labels among many', async () => {
      await using store = await open(url());
      await sharesOut(store, { people: 6, items: 40 });
    });

    it('is a source of text, which nothing can write through', async () => {
      await using store = await open(url());
      const expected = hostileTexts
        .slice(0, 60)
        .map((text) => text.replaceAll('\u0000', '').replace(/\p{Cs}/gu, '\ufffd'));
      await sql`create table articles (id integer primary key, body text)`.execute(store.db);
      for (const [at, text] of expected.entries())
        await sql`insert into articles values (${at}, ${text})`.execute(store.db);
      const folder = mkdtempSync(join(tmpdir(), 'octavo-sql-'));
      const read = (query: string) =>
        readSource(folder, { from: url(), name: 'db', textField: 'body', sql: { query } });
      try {
        const { documents } = await read('select id, body from articles order by id');
        expect(documents.map(({ text }) => text)).toEqual(expected);
        expect(documents[5]?.id).toBe('db/5');
        const many = `select a.id * 10000 + b.id as id, concat('text ', a.id, ' ', b.id) as body from articles a cross join articles b order by 1`;
        expect((await read(many)).documents.length).toBe(3600);
        for (const query of [
          'delete from articles',
          'drop table label_projects',
          "insert into articles values (-1, 'x')",
        ])
          await expect(read(query)).rejects.toMatchObject({ code: 'DATA_SOURCE' });
        expect((await sql`select id from articles`.execute(store.db)).rows.length).toBe(60);
      } finally {
        rmSync(folder, { recursive: true, force: true });
        await sql`drop table articles`.execute(store.db);
      }
    });

    it('says what is wrong without the password', async () => {
      const wrong = url().replace(/:[^:@/]+@/, ':hunter2@');
      await expect(open(wrong)).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        remedy: 'correct user and password',
      });
      await expect(open(wrong)).rejects.toThrow(/^(?!.*hunter2)/s);
      await expect(open(url().replace('/octavo', '/nothing'))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
      await expect(open(url().replace(/:\d+\//, ':1/'))).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        remedy: 'start the database server, or correct host and port',
      });
    });
  });
