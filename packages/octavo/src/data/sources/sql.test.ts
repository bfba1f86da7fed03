import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileTexts } from '../label/hostile-texts.test-support.js';
import { openSqliteFile } from '../store/sqlite-file.js';
import { readSource } from './read-source.test-support.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-sql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (fields: Parameters<typeof readSource>[1]) => readSource(folder, fields);

/** Texts that a database file can hold: no half characters, no NUL. */
const texts = hostileTexts
  .map((text) => text.replaceAll('\u0000', '').replace(/\p{Cs}/gu, '\ufffd'))
  .filter((text) => text.length < 16_000);

beforeAll(async () => {
  const sqlite = await openSqliteFile(join(folder, 'a.sqlite'));
  sqlite.run('CREATE TABLE articles (id INTEGER PRIMARY KEY, body TEXT, at TEXT)', []);
  sqlite.run('BEGIN', []);
  for (const [at, text] of texts.entries())
    sqlite.run('INSERT INTO articles VALUES (?, ?, ?)', [at, text, '2020-01-02']);
  sqlite.run('INSERT INTO articles VALUES (9999, NULL, NULL)', []);
  sqlite.run('COMMIT', []);
  sqlite.close();
  const instance = await DuckDBInstance.create(join(folder, 'a.duckdb'));
  const connection = await instance.connect();
  await connection.run('BEGIN');
  await connection.run('CREATE TABLE articles (id BIGINT, body VARCHAR)');
  for (const [at, text] of texts.entries()) await connection.run('INSERT INTO articles VALUES ($1, $2)', [at, text]);
  await connection.run('COMMIT');
  connection.closeSync();
  instance.closeSync();
});

describe.each(['sqlite', 'duckdb'])('%s as a source', (kind) => {
  it('gives every row of a query as it is', async () => {
    const from = `${kind}:a.${kind}`;
    const { documents, rejected } = await read({
      from,
      name: 'db',
      textField: 'body',
      sql: { query: 'SELECT * FROM articles ORDER BY id' },
      ...(kind === 'sqlite' ? { timeField: 'at' } : {}),
    });
    // DuckDB's client takes a byte order mark at the start of a text for none of it.
    const given = kind === 'sqlite' ? texts : texts.map((text) => text.replace(/^\ufeff/, ''));
    expect(documents.map(({ text }) => text)).toEqual(given);
    expect(documents[3]).toMatchObject({
      id: 'db/3',
      source: 'db',
      ...(kind === 'sqlite' ? { time: '2020-01-02' } : {}),
    });
    expect(rejected).toEqual(kind === 'sqlite' ? [expect.objectContaining({ id: 'db/9999', reason: 'no-text' })] : []);
  });

  it('cannot be written to by a query', async () => {
    const before = readFileSync(join(folder, `a.${kind}`));
    for (const query of [
      'DELETE FROM articles',
      'DROP TABLE articles',
      "INSERT INTO articles (id, body) VALUES (1, 'x')",
    ])
      await expect(read({ from: `${kind}:a.${kind}`, sql: { query } })).rejects.toMatchObject({ code: 'DATA_SOURCE' });
    expect(readFileSync(join(folder, `a.${kind}`)).equals(before)).toBe(true);
  });

  it('is read once', async () => {
    const fields = {
      from: `${kind}:a.${kind}`,
      name: 'db',
      textField: 'body',
      sql: { query: 'SELECT id, body FROM articles ORDER BY id LIMIT 2' },
    };
    const first = await read(fields);
    const kept = readdirSync(join(folder, 'cache', 'sql')).length;
    expect(await read(fields)).toEqual(first);
    expect(readdirSync(join(folder, 'cache', 'sql')).length).toBe(kept);
  });

  it('says what is missing', async () => {
    await expect(read({ from: `${kind}:a.${kind}` })).rejects.toMatchObject({
      code: 'DATA_SOURCE',
      what: 'a database needs a query',
    });
    await expect(read({ from: `${kind}:none.${kind}`, sql: { query: 'SELECT 1' } })).rejects.toMatchObject({
      code: expect.stringMatching(/DATA_SOURCE|STORE_UNREACHABLE/),
    });
    await expect(read({ from: `${kind}:a.${kind}`, sql: { query: 'SELECT body FROM nothing' } })).rejects.toMatchObject(
      { code: 'DATA_SOURCE' },
    );
  });
});

it('a query of DuckDB reads no other file of the machine', () =>
  expect(
    read({ from: 'duckdb:a.duckdb', sql: { query: "SELECT content AS text FROM read_text('/etc/passwd')" } }),
  ).rejects.toMatchObject({ code: 'DATA_SOURCE' }));
