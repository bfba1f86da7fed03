import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { sortedRows } from './sorted-rows.js';

const place = mkdtempSync(join(tmpdir(), 'octavo-sorted-'));
afterAll(() => rmSync(place, { recursive: true }));
const folder = join(place, 'spill');

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

it('any rows come by their keys, equal ones in the order they came, over any number of levels of runs', () => {
  const row = fc.record({
    key: fc.oneof(fc.constantFrom('a', 'b'), fc.string({ unit: 'binary', maxLength: 4 })),
    text: fc.string({ unit: 'binary' }),
    url: fc.option(fc.string(), { nil: undefined }),
    bytes: fc.integer(),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 50, max: 1000 }), (rows, runBytes) => {
      using sort = sortedRows<(typeof rows)[number] & { readonly number: number }>(folder, { runBytes, runs: 3 });
      const numbered = rows.map((one, number) => ({ ...one, number }));
      for (const one of numbered) sort.add(one.key, one);
      expect([...sort.rows()]).toEqual(numbered.toSorted(byKey));
    }),
    { numRuns: 10 },
  );
});

it('no rows are none; few touch no disk; a row larger than a run comes back; the end takes the files away', () => {
  {
    using sort = sortedRows<string>(folder);
    expect([...sort.rows()]).toEqual([]);
    sort.add('b', 'two');
    sort.add('a', 'one');
    expect([...sort.rows()]).toEqual(['one', 'two']);
    expect(existsSync(folder)).toBe(false);
  }
  {
    using sort = sortedRows<string>(folder, { runBytes: 1000, runs: 4 });
    const long = '漢'.repeat(600_000);
    for (const [at, row] of [long, 'a', 'b', long, 'c'].entries()) sort.add(`${9 - at}`, row);
    const rows = sort.rows();
    expect(rows.next().value).toBe('c');
    expect(rows.next().value === long).toBe(true);
    expect([...rows].map(({ length }) => length)).toEqual([1, 1, 600_000]);
    expect(readdirSync(folder).length).toBeGreaterThan(0);
  }
  expect(existsSync(folder)).toBe(false);
});
