import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fail } from '../../core/index.js';
import { takeTurn } from './file-turn.js';
import { parseDatabasePlace } from './place.js';
import { openStore, type Store } from './store.js';
import { keyOf } from './stored-text.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const fresh = (): string => `sqlite:${++made}/deep/store.sqlite`;
const open = (place: string): Promise<Store> => openStore(place, { projectFolder: folder, clock: { now: () => 7 } });

/** Adds one to a number that two could otherwise read before either writes. */
const addOne = ({ transaction }: Store): Promise<void> =>
  transaction(async (inside) => {
    const row = await inside
      .selectFrom('label_projects')
      .select('created_ms')
      .where('id', '=', 'counter')
      .executeTakeFirst();
    await inside.deleteFrom('label_projects').where('id', '=', 'counter').execute();
    await inside
      .insertInto('label_projects')
      .values({ id: 'counter', settings: '{}', created_ms: (row?.created_ms ?? 0) + 1 })
      .execute();
  });

const counted = async ({ db }: Store): Promise<number | undefined> =>
  (await db.selectFrom('label_projects').select('created_ms').where('id', '=', 'counter').executeTakeFirst())
    ?.created_ms;

describe('the store on SQLite', () => {
  it('makes its file and tables, and finds them again', async () => {
    const place = fresh();
    for (let time = 0; time < 2; time++) {
      await using store = await open(place);
      expect(store.kind).toBe('sqlite');
      expect(await store.db.selectFrom('octavo_migrations').select(['number', 'applied_ms']).execute()).toEqual([
        { number: 1, applied_ms: 7 },
      ]);
    }
  });

  it('is migrated once by many that start together, and loses nothing of what they write', async () => {
    const place = fresh();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(place)));
    await Promise.all(stores.flatMap((store) => Array.from({ length: 6 }, () => addOne(store))));
    const [first] = stores;
    if (first === undefined) throw fail('INTERNAL', { what: 'no store' });
    expect(await counted(first)).toBe(24);
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  it('takes back a transaction that failed', async () => {
    await using store = await open(fresh());
    await addOne(store);
    await expect(
      store.transaction(async (inside) => {
        await inside.deleteFrom('label_projects').execute();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await counted(store)).toBe(1);
  });

  it('goes on after a process that was killed with the lock in its hand', async () => {
    const place = fresh();
    await open(place).then((store) => store[Symbol.asyncDispose]());
    const file = join(folder, place.slice('sqlite:'.length));
    mkdirSync(`${file}.lock`);
    const dead = { host: 'x', pid: 1, started: 'never', scope: 'another boot' };
    writeFileSync(`${file}.turn/999.json`, JSON.stringify({ ...dead, host: (await import('node:os')).hostname() }));
    await using store = await open(place);
    await addOne(store);
    expect(await counted(store)).toBe(1);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('says who keeps it waiting', async () => {
    const file = join(folder, 'busy.sqlite');
    const turn = await takeTurn(file);
    await expect(takeTurn(file, 30)).rejects.toMatchObject({ code: 'STORE_BUSY', where: file });
    turn.release();
    (await takeTurn(file, 30)).release();
  });

  it('refuses a file that is no database, and one of a later Octavo', async () => {
    writeFileSync(join(folder, 'text.sqlite'), 'this is a text of some length, and no database at all'.repeat(40));
    await expect(open('text.sqlite')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    const place = fresh();
    await open(place).then(async (store) => {
      await store.db.insertInto('octavo_migrations').values({ number: 99, name: 'x', applied_ms: 0 }).execute();
      await store[Symbol.asyncDispose]();
    });
    await expect(open(place)).rejects.toMatchObject({ code: 'STORE_NEWER' });
  });
});

describe('the place of a database', () => {
  const server = { host: 'db', port: 3306, user: 'u', password: 'p@s/s', database: 'd', tls: true };
  it.each([
    ['.octavo/store.sqlite', { kind: 'sqlite', file: '/p/.octavo/store.sqlite' }],
    ['sqlite:a b.db', { kind: 'sqlite', file: '/p/a b.db' }],
    ['sqlite:///x/y', { kind: 'sqlite', file: '/x/y' }],
    ['mysql://u:p%40s%2Fs@db/d', { kind: 'mysql', ...server }],
    [`mariadb://u:\${SECRET}@db:3307/d?tls=off`, { kind: 'mysql', ...server, port: 3307, tls: false }],
    [`postgres://u:\${SECRET}@localhost/d`, { kind: 'postgres', ...server, host: 'localhost', port: 5432, tls: false }],
    ['postgresql://u@[::1]/d', { kind: 'postgres', ...server, host: '::1', port: 5432, password: '', tls: false }],
  ])('%s', (text, place) => expect(parseDatabasePlace(text, '/p', { SECRET: 'p@s/s' })).toEqual(place));

  it.each([
    '',
    'sqlite:',
    'mysql://',
    'mysql://u:p@h',
    'mysql://h/a/b',
    'redis://h/d',
    'mysql://h/d?ssl=1',
    `mysql://u:\${NONE}@h/d`,
    'postgres://u:%@h/d',
  ])('refuses "%s"', (text) =>
    expect(() => parseDatabasePlace(text, '/p', {})).toThrow(expect.objectContaining({ code: 'STORE_URL' })),
  );

  it('does not tell the password', () =>
    expect(() => parseDatabasePlace('mysql://u:hunter2@h', '/p', {})).toThrow(/^(?!.*hunter2)/s));
});

it('has a key for every text', () => {
  const texts = ['', '\u0000', 'a', 'A', 'a ', 'á', 'a\u0301', '\ud800', '\ufffd', '😀'];
  expect(new Set(texts.map(keyOf)).size).toBe(texts.length);
  for (const text of texts) expect(keyOf(text)).toMatch(/^[0-9a-f]{32}$/);
});
