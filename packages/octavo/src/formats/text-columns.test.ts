import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeDocuments } from './parquet-writer.js';
import { openTexts, type TextVector } from './text-columns.js';

const folder = mkdtempSync(join(tmpdir(), "octavo-text's-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What lies in the items themselves. */
const shortTexts = (vectors: readonly TextVector[]): string[] =>
  vectors.flatMap(({ items }) =>
    Array.from({ length: items.length / 16 }, (_, at) => {
      const item = Buffer.from(items.subarray(at * 16, at * 16 + 16));
      return item.toString('utf8', 4, 4 + item.readUInt32LE(0));
    }),
  );

it('texts are read by parts, from the groups they were written in, beside each other', async () => {
  const [path, other, gaps] = ['a', 'b', 'gaps'].map((name) => join(folder, `${name}.parquet`)) as [
    string,
    string,
    string,
  ];
  const rows = Array.from({ length: 2500 }, (_, at) => ({ id: `${at}`, text: `${at} é\0` }));
  await writeDocuments(path, { columns: { id: 'text', text: 'text' } }, rows);
  await writeDocuments(other, { columns: { text: 'text' } }, []);
  await writeDocuments(gaps, { columns: { text: 'text?' } }, [{ text: 'a' }, {}]);
  const tables = await openTexts([path, other, gaps]);
  try {
    const groups = await tables.groups(path);
    expect(groups.length).toBeGreaterThan(1);
    let end = 0;
    for (const { from, count, bytes } of groups) {
      expect([from, bytes > 0]).toEqual([end, true]);
      end += count;
    }
    expect(end).toBe(rows.length);
    expect(await tables.groups(other)).toEqual([]);
    const parts = await Promise.all([...groups, { from: 2000, count: 100 }].map((rows) => tables.texts(path, rows)));
    expect(parts.slice(0, -1).flatMap(shortTexts)).toEqual(rows.map(({ text }) => text));
    expect(shortTexts(parts.at(-1) ?? [])).toEqual(rows.slice(2000, 2100).map(({ text }) => text));
    await expect(tables.texts(gaps, { from: 0, count: 2 })).rejects.toThrow(/1 of the rows.*TABLE_CORRUPT/s);
    await expect(tables.texts(join(folder, 'unknown.parquet'), { from: 0, count: 1 })).rejects.toThrow(/TABLE_CORRUPT/);
    expect(shortTexts(await tables.texts(gaps, { from: 0, count: 1 }))).toEqual(['a']);
  } finally {
    tables.close();
  }
});

it('a table that is damaged is refused', async () => {
  const path = join(folder, 'damaged.parquet');
  await writeDocuments(path, { columns: { text: 'text' } }, [{ text: 'a' }]);
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  const tables = await openTexts([path]);
  await expect(tables.groups(path)).rejects.toThrow(/damaged.parquet.*TABLE_CORRUPT/s);
  tables.close();
});
