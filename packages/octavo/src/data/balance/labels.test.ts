/** Labels that a source names itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSource } from '../sources/read-source.test-support.js';
import { openSqliteFile } from '../store/sqlite-file.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const labelsIn = async (fields: object) => {
  const { documents, rejected } = await readSource(folder, { labelField: 'stars', windowBytes: 256, ...fields });
  expect(rejected).toEqual([]);
  return documents.map(({ label }) => label);
};

const rows = [
  ...['good', ' two words ', 5, 0, true, 0.5].map((stars) => ({ text: 'a', stars })),
  ...[null, '', ' ', {}, ['x'], 'x'.repeat(201)].map((stars) => ({ text: 'b', stars })),
  { text: 'c' },
  JSON.parse('{ "text": "d", "__proto__": { "stars": "no" } }'),
  { text: `${'A sentence. '.repeat(40)}`, stars: 'windowed' },
];
const found = ['good', 'two words', '5', '0', 'true', '0.5', ...Array.from({ length: 8 }, () => undefined)];

it('come from fields of JSON, and stay with each window of a text', async () => {
  writeFileSync(join(folder, 'a.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(join(folder, 'a.json'), JSON.stringify(rows));
  for (const from of ['a.jsonl', 'a.json'])
    expect(await labelsIn({ from })).toEqual([...found, 'windowed', 'windowed']);
  expect(await labelsIn({ from: 'a.jsonl', labelField: undefined })).toEqual(
    Array.from({ length: 16 }, () => undefined),
  );
});

it('come from columns of CSV, and of a database', async () => {
  writeFileSync(join(folder, 'a.csv'), 'text,stars\na,good\nb,\nc,5\n');
  expect(await labelsIn({ from: 'a.csv' })).toEqual(['good', undefined, '5']);
  expect(await labelsIn({ from: 'a.csv', labelField: 'absent' })).toEqual([undefined, undefined, undefined]);
  const database = await openSqliteFile(join(folder, 'a.sqlite'));
  database.run('CREATE TABLE a (id INTEGER, text TEXT, stars)', []);
  for (const [id, stars] of ['good', null, 5, 2.5].entries())
    database.run('INSERT INTO a VALUES (?, ?, ?)', [id, 'x', stars]);
  database.close();
  const sql = { query: 'SELECT * FROM a ORDER BY id' };
  expect(await labelsIn({ from: 'sqlite:a.sqlite', sql })).toEqual(['good', undefined, '5', '2.5']);
});

it('stand beside addresses, times, titles and licences that a row tells', async () => {
  const names = { urlField: 'at', timeField: 'day', titleField: 'head', licenceField: 'terms' };
  const row = { text: 'a', at: 'https://a.example/', day: '2024-05-17', head: 'Whales', terms: 'MIT', stars: 3 };
  writeFileSync(join(folder, 'facts.jsonl'), `${JSON.stringify(row)}\n{"text":"b","at":null,"terms":""}\n`);
  writeFileSync(join(folder, 'facts.csv'), `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\nb,,,,,\n`);
  for (const from of ['facts.jsonl', 'facts.csv']) {
    const { documents } = await readSource(folder, { from, labelField: 'stars', licence: 'CC0-1.0', ...names });
    expect(documents).toMatchObject([
      { url: row.at, time: row.day, title: row.head, licence: 'MIT', label: '3' },
      { licence: 'CC0-1.0' },
    ]);
    expect(documents[1]).not.toHaveProperty('url');
  }
});
