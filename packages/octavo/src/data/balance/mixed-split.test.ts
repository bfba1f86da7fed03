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
import { addItems, createProject } from '../label/projects.js';
import { cleanSection, collectSection, dataSection, splitSection } from '../section.js';
import { split } from '../split.js';
import { prose, stepRunner } from '../step.test-support.js';
import { openStore } from '../store/open-store.js';
import { labelsOf } from './labels.js';

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
  const mixed = splitSection(section({ mix: { weights: { rare: 1, common: 1 } } }));
  const clock = { now: () => 0 };
  const asked = {
    artifacts,
    section: dataSection.parse({}).clean,
    mixed,
    projectFolder: folder,
    cacheFolder: folder,
    clock,
  };
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

  const nothing = { mix: { weights: { absent: 1 } } };
  await expect(run(split, splitSection(section(nothing)))).rejects.toMatchObject({
    code: 'DATA_TOO_SMALL',
    where: 'data.mix',
    message: expect.stringContaining('common (0.0 %), rare (0.0 %)'),
  });

  // Labels of a file, and the same from a project: every tenth document is good.
  const labels = Array.from({ length: 80 }, (_, n) => ({ id: `common/${n}`, label: n % 10 === 0 ? 'good' : 'bad' }));
  const byLabel = { mix: { by: 'label', labels: 'labels.jsonl', weights: { good: 1 } } };
  writeFileSync(join(folder, 'labels.jsonl'), labels.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await run(split, splitSection(section(byLabel)));
  const good = await rowsOf(join(artifacts, 'split/train.parquet'));
  expect(new Set(good.map(({ id }) => Number(id.split('/')[1]) % 10))).toEqual(new Set([0]));
  const { split: labelled } = await dataSummary(artifacts);
  expect(new Set(labelled.mix?.groups.map(({ name }) => name))).toEqual(new Set(['good', 'bad', 'unlabelled']));
  const asFile = splitSection(section(byLabel));
  const hashed = await split.externalInputs?.(asFile, folder);
  writeFileSync(join(folder, 'labels.jsonl'), '');
  expect(await split.externalInputs?.(asFile, folder)).not.toEqual(hashed);
  const inProject = section({ store: 'store.sqlite', mix: { ...byLabel.mix, labels: 'project:tone' } });
  {
    await using store = await openStore('store.sqlite', { projectFolder: folder, clock });
    const settings = { kind: 'classification', labels: ['good', 'bad'] };
    const project = await createProject(store, { id: 'tone', settings, clock });
    const items = labels.map(({ id, label }) => ({
      content: { id, text: id },
      annotations: [{ annotator: 'me', value: { labels: [label] } }],
      where: id,
    }));
    await addItems(store, project, items, clock);
  }
  const place = { projectFolder: folder, clock };
  const labelOf = await labelsOf(splitSection(inProject), place);
  expect(['common/0', 'common/1', 'common/10#0002', 'rare/0'].map((id) => labelOf?.({ id }))).toEqual([
    'good',
    'bad',
    'good',
    'unlabelled',
  ]);
  expect(labelOf?.({ id: 'rare/0', label: 'good' })).toBe('good');
  await expect(run(split, splitSection(section({ mix: { by: 'label' } })))).rejects.toMatchObject({
    code: 'DATA_SOURCE',
    where: 'data.mix',
  });
});
