import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from './duckdb.js';
import { readDocuments } from './parquet.js';
import { writeDocuments } from './parquet-writer.js';

const columns = { id: 'text', text: 'text', bytes: 'integer', share: 'number' } as const;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "octavo-it's-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function readAll(path: string) {
  const rows = [];
  for await (const batch of readDocuments(path, { columns })) rows.push(...batch);
  return rows;
}

describe('document tables', () => {
  it('give back any text, number and order, over several row groups', async () => {
    const path = join(folder, 'any.parquet');
    const row = fc.record({
      id: fc.string({ unit: 'grapheme' }),
      text: fc.string({ unit: 'binary' }),
      bytes: fc.maxSafeInteger(),
      share: fc.double({ noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        await writeDocuments(path, { columns }, rows);
        expect(await readAll(path)).toEqual(rows);
      }),
      { numRuns: 10 },
    );
    const many = Array.from({ length: 5000 }, (_, n) => ({ id: `${n}`, text: `text\0 ${n}`, bytes: n, share: n / 2 }));
    expect((await writeDocuments(path, { columns }, many)).rows).toBe(5000);
    expect(await readAll(path)).toEqual(many);
  });

  it('leave absent what may be', async () => {
    const path = join(folder, 'absent.parquet');
    const rows = [{ id: 'a', url: 'https://a.example/' }, { id: 'b' }, { id: 'c', url: '' }];
    const nullable = { id: 'text', url: 'text?' } as const;
    await writeDocuments(path, { columns: nullable }, rows);
    for await (const batch of readDocuments(path, { columns: nullable })) expect(batch).toEqual(rows);
    await expect(readDocuments(path, { columns: { url: 'text' } }).next()).rejects.toThrow(/column url holds null/);
  });

  it('hold lists, empty and absent ones too', async () => {
    const path = join(folder, 'lists.parquet');
    const lists = { words: 'texts', stop: 'flags', tags: 'texts?', vector: 'numbers?' } as const;
    const rows = [
      {
        words: ['a', '', '漢字 🙂'],
        stop: [true, false, true],
        tags: [''],
        vector: [0.5, -1e-30, 3e38].map(Math.fround),
      },
      { words: [], stop: [], tags: [] },
      { words: [''], stop: [false] },
    ];
    await writeDocuments(path, { columns: lists }, rows);
    for await (const batch of readDocuments(path, { columns: lists })) expect(batch).toEqual(rows);
    await expect(readDocuments(path, { columns: { words: 'numbers' } }).next()).rejects.toThrow(/lists.parquet|words/);
    await expect(writeDocuments(path, { columns: { words: 'texts' } }, [{ words: ['a\0b'] }])).rejects.toThrow(
      'no NUL',
    );
  });

  it('are what DuckDB itself writes, over more than fifteen groups, and none', async () => {
    const path = join(folder, 'joined.parquet');
    const one = (n: number) => ({
      id: `${n}`,
      text: `text ${n}`,
      url: n % 3 === 0 ? undefined : `u${n % 5}`,
      bytes: n,
    });
    const known = { id: 'text', text: 'text', url: 'text?', bytes: 'integer' } as const;
    const { connection, close } = await openDatabase();
    const format = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048, WRITE_BLOOM_FILTER false';
    for (const count of [0, 1, 2048, 2049, 40_000]) {
      const { sha256 } = await writeDocuments(
        path,
        { columns: known },
        Array.from({ length: count }, (_, n) => one(n)),
      );
      const whole = join(folder, 'whole.parquet');
      const select = `'' || range AS id, 'text ' || range AS text, CASE WHEN range % 3 > 0 THEN 'u' || range % 5 END AS url, range AS bytes`;
      await connection.run(`CREATE OR REPLACE TABLE whole AS SELECT ${select} FROM range(${count})`);
      await connection.run(`COPY (SELECT * FROM whole) TO '${whole.replaceAll("'", "''")}' (${format})`);
      expect((await readFile(path)).equals(await readFile(whole))).toBe(true);
      expect(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      ).toBe(sha256);
    }
    close();
  });

  it('leave nothing behind when the source of rows fails', async () => {
    const path = join(folder, 'broken.parquet');
    const rows = (function* () {
      yield { id: 'a', text: 'a', bytes: 1, share: 1 };
      throw new Error('the source broke');
    })();
    await expect(writeDocuments(path, { columns }, rows)).rejects.toThrow('the source broke');
    expect((await readdir(folder)).filter((name) => name.startsWith('broken'))).toEqual([]);
  });

  it('refuse a flipped bit, anywhere, naming the file', async () => {
    const path = join(folder, 'flipped.parquet');
    await writeDocuments(path, { columns }, [{ id: 'a', text: 'some text', bytes: 9, share: 1 }]);
    const good = await readFile(path);
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, bad);
      await expect(readAll(path)).rejects.toMatchObject({ code: 'TABLE_CORRUPT', where: path });
    }
    await writeFile(path, good);
    expect(await readAll(path)).toHaveLength(1);
    await rm(`${path}.sha256`);
    await expect(readAll(path)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' });
  });

  it('say which column is absent', async () => {
    const path = join(folder, 'narrow.parquet');
    await writeDocuments(path, { columns: { id: 'text' } }, [{ id: 'a' }]);
    await expect(readAll(path)).rejects.toThrow(/Table "documents" does not have a column named "text"/);
  });

  it('say that a folder is absent', async () => {
    const path = join(folder, 'absent', 'x.parquet');
    const rows = [{ id: 'a', text: '', bytes: 1, share: 1 }];
    await expect(writeDocuments(path, { columns }, rows)).rejects.toMatchObject({
      code: 'FILE_NOT_WRITTEN',
      where: path,
    });
  });

  it('can be left half read', async () => {
    const path = join(folder, 'any.parquet');
    for await (const batch of readDocuments(path, { columns })) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
  });
});
