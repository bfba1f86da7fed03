/** The split step with a mixture and a curriculum, on written tables. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readDocuments } from '../../formats/index.js';
import { clean } from '../clean.js';
import { collect } from '../collect.js';
import { dataSummary } from '../inspect/data-summary.js';
import { why } from '../inspect/why.js';
import { cleanSection, collectSection, dataSection, splitSection } from '../section.js';
import { split } from '../split.js';
import { prose, stepRunner } from '../step.test-support.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-mix-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rowsOf = async (path: string) => {
  const rows = [];
  for await (const batch of readDocuments(path, { columns: { id: 'text', source: 'text', bytes: 'integer' } }))
    rows.push(...batch);
  return rows;
};

it('mixes training text alone, tells what it got, and orders by length', async () => {
  mkdirSync(join(folder, 'rare'), { recursive: true });
  mkdirSync(join(folder, 'common'), { recursive: true });
  for (let n = 0; n < 80; n++) writeFileSync(join(folder, `common/${n}.txt`), prose(n, 6 + (n % 9)));
  for (let n = 0; n < 20; n++) writeFileSync(join(folder, `rare/${n}.txt`), prose(500 + n, 6 + (n % 9)));
  const base = { sources: ['common', 'rare'], chat: { families: [] } };
  const section = (more: object) => dataSection.parse({ ...base, ...more });
  const { artifacts, events, run } = stepRunner(folder);
  await run(collect, collectSection(section({})));
  await run(clean, cleanSection(section({})));
  await run(split, splitSection(section({})));
  const parts = () => ['validation', 'test'].map((name) => readFileSync(join(artifacts, 'split', `${name}.parquet`)));
  const before = parts();
  const plain = await rowsOf(join(artifacts, 'split/train.parquet'));

  await run(
    split,
    splitSection(section({ mix: { weights: { rare: 1, common: 1, absent: 1 }, maxEpochs: 6 }, order: 'length' })),
  );
  expect(parts()).toEqual(before);
  const { split: summary } = await dataSummary(artifacts);
  const groups = new Map(summary.mix?.groups.map((group) => [group.name, group]));
  expect(groups.get('rare')?.asked).toBe(0.5);
  // Drawn by hash over some 70 documents: near the half that was asked for.
  expect(Math.abs((groups.get('rare')?.got ?? 0) - 0.5)).toBeLessThan(0.1);
  const rows = await rowsOf(join(artifacts, 'split/train.parquet'));
  expect(rows).toHaveLength(summary.train.documents);
  expect(rows.map(({ bytes }) => bytes)).toEqual(rows.map(({ bytes }) => bytes).toSorted((a, b) => a - b));
  const seen = new Set(rows.map(({ id }) => id));
  expect(plain.filter(({ id }) => !seen.has(id))).toHaveLength(summary.mix?.documentsLeftOut ?? -1);
  const left = plain.find(({ id }) => !seen.has(id))?.id ?? '';
  const asked = { artifacts, section: dataSection.parse({}).clean, projectFolder: folder };
  expect(await why(asked, left)).toMatchObject({ kind: 'left-out', placement: undefined });
  const [repeated] = rows.filter(({ id }, at) => rows.findIndex((one) => one.id === id) !== at);
  expect(await why(asked, repeated?.id ?? '')).toMatchObject({
    kind: 'kept',
    placement: {
      part: 'train',
      times: rows.filter(({ id }) => id === repeated?.id).length,
      mixture: { by: 'source', group: { name: repeated?.source, asked: 0.5 } },
    },
  });
  expect(plain.filter(({ source, id }) => source === 'rare' && !seen.has(id))).toEqual([]);
  expect(events.filter(({ kind }) => kind === 'warning')).toMatchObject([
    { text: expect.stringContaining('weight to absent') },
  ]);

  await run(split, splitSection(section({ mix: { by: 'language', temperature: 2 }, order: 'difficulty' })));
  const { split: languages } = await dataSummary(artifacts);
  expect(languages.mix?.by).toBe('language');
  expect(languages.order).toBe('difficulty');
});
