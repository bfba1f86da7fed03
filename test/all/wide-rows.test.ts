// Rows are written by groups of 2,048, or of fewer where they are wide.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sortedRows } from '../../packages/octavo/src/data/sorted-rows.js';
import { type Row, readDocuments, writeDocuments } from '../../packages/octavo/src/formats/index.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-wide-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [count, bytes] = [4200, 65_536];
const columns = { id: 'text', text: 'text' } as const;
const idOf = (n: number): string => String((n * 7919) % count).padStart(4, '0');
/** Text that does not pack to nothing: numbers of a linear congruence. */
const textOf = (n: number): string => {
  let state = n;
  const words = new Uint32Array(bytes / 8);
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[at] = state;
  }
  return Buffer.from(words.buffer).toString('hex');
};
function* rows() {
  for (let n = 0; n < count; n++) yield { id: idOf(n), text: textOf(n) };
}

it('275 MB in rows of 64 KiB, sorted, come back', async () => {
  const path = join(folder, 'wide.parquet');
  using sort = sortedRows<Row<typeof columns>>(join(folder, 'spill'));
  for (const row of rows()) sort.add(row.id, row);
  await writeDocuments(path, { columns }, sort.rows());
  const ids: string[] = [];
  for await (const batch of readDocuments(path, { columns }))
    for (const { id, text } of batch) {
      if (text.length !== bytes) throw new Error(`${id} has ${text.length} characters`);
      ids.push(id);
    }
  expect(ids).toEqual(Array.from({ length: count }, (_, n) => String(n).padStart(4, '0')));
  // Packed, pages of 32 MiB and not of 128; with Vitest itself.
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(900);
});

it('lists as long as the words of a text come back', async () => {
  const path = join(folder, 'lists.parquet');
  const lists = { words: 'texts', stems: 'texts', lemmas: 'texts', pos: 'texts' } as const;
  const words = Array.from({ length: 1000 }, (_, n) => `word${n % 613}`);
  const row = { words, stems: words, lemmas: words, pos: words };
  await writeDocuments(path, { columns: lists }, Array<typeof row>(4096).fill(row));
  let read = 0;
  for await (const batch of readDocuments(path, { columns: lists }))
    for (const { words: found, pos } of batch) {
      expect([found.length, pos[999]]).toEqual([1000, words[999]]);
      read++;
    }
  expect(read).toBe(4096);
});
