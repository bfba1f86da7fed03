/** F12 on DuckDB: texts that have broken databases go into every column of a table and come out as they were, its schema unchanged. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hostileTexts } from '../../packages/octavo/src/data/label/hostile-texts.test-support.js';
import { queryTables, readDocuments, writeDocuments } from '../../packages/octavo/src/formats/index.js';

const parent = await mkdtemp(join(tmpdir(), 'octavo-hostile-texts-'));
afterAll(() => rm(parent, { recursive: true }));

const columns = { id: 'text', text: 'text', url: 'text?', words: 'texts?' } as const;
// What DuckDB's package gives back as text has lost a byte order mark at its start; none of our texts begins with one.
const texts = hostileTexts.map((text) => text.toWellFormed().replace(/^\ufeff+/, ''));
const rows = texts.map((text, at) => ({
  id: `${at} ${text}`,
  text,
  url: at % 7 === 0 ? undefined : text,
  words: at % 11 === 0 ? undefined : [text, '', text].map((word) => word.replaceAll('\0', '')),
}));

it('500 texts are written, read, asked for by id and by SQL, in a folder whose name is one of them', async () => {
  expect(rows.length).toBe(500);
  const folder = join(parent, `a' OR '1'='1'; DROP TABLE rows; --"$1`);
  await mkdir(folder);
  const path = join(folder, 'documents.parquet');
  const bytewise = rows.toSorted((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  await writeDocuments(path, { columns }, bytewise);
  const read = async (options: { readonly ids?: readonly string[] } = {}) => {
    const found = [];
    for await (const batch of readDocuments(path, { columns, ...options })) found.push(...batch);
    return found;
  };
  expect(await read()).toEqual(bytewise);
  const some = bytewise.filter((_, at) => at % 5 === 0);
  expect(await read({ ids: some.map(({ id }) => id) })).toEqual(some);
  const asked = [];
  const sql = 'SELECT id, text, url, words FROM documents ORDER BY id';
  const spill = join(folder, 'spill');
  for await (const batch of queryTables({ documents: path }, { sql, columns, spill })) asked.push(...batch);
  expect(asked).toEqual(bytewise);
  expect(await readdir(folder)).toEqual(['documents.parquet', 'documents.parquet.sha256']);
  expect(await readdir(parent)).toHaveLength(1);
});
