/** Labels of sources, from octavo.yaml to a mixture and to a project of labels: JSONL, CSV, Parquet and a database. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { prose } from '../../packages/octavo/src/data/step.test-support.js';
import { openSqliteFile } from '../../packages/octavo/src/data/store/sqlite-file.js';
import { readDocuments, writeDocuments } from '../../packages/octavo/src/formats/index.js';

const bin = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octavo-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fine = (...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  expect({ args, status, stderr }).toMatchObject({ status: 0 });
  return stdout;
};

/** 40 texts from `first` on, every fifth of them praise. */
const rowsFrom = (first: number) =>
  Array.from({ length: 40 }, (_, n) => ({
    text: prose(first + n, 8),
    tone: n % 5 === 0 ? 'praise' : 'complaint',
  }));

it('reach a mixture, the story of a document, and a project that balances them', async () => {
  const [jsonl, csv, parquet, rows] = [0, 100, 200, 300].map(rowsFrom);
  writeFileSync(join(folder, 'a.jsonl'), (jsonl ?? []).map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileSync(
    join(folder, 'b.csv'),
    `tone,text\n${(csv ?? []).map(({ text, tone }) => `${tone},"${text}"\n`).join('')}`,
  );
  await writeDocuments(join(folder, 'c.parquet'), { columns: { text: 'text', tone: 'text' } }, parquet ?? []);
  const database = await openSqliteFile(join(folder, 'd.sqlite'));
  database.run('CREATE TABLE d (id INTEGER, text TEXT, tone TEXT)', []);
  for (const [id, { text, tone }] of (rows ?? []).entries())
    database.run('INSERT INTO d VALUES (?, ?, ?)', [id, text, tone]);
  database.close();
  writeFileSync(
    join(folder, 'e.jsonl'),
    rowsFrom(400)
      .map(({ text }) => `${JSON.stringify({ text })}\n`)
      .join(''),
  );
  writeFileSync(
    join(folder, 'octavo.yaml'),
    `plan: { goal: Labels, budget: 2m }
tokenizer: { vocabularySize: 300 }
data:
  chat: { families: [] }
  sources:
    - { from: a.jsonl, labelField: tone }
    - { from: b.csv, labelField: tone }
    - { from: c.parquet, labelField: tone }
    - { from: 'sqlite:d.sqlite', name: d, labelField: tone, sql: { query: SELECT * FROM d ORDER BY id } }
    - e.jsonl
  mix: { by: label, weights: { praise: 1, complaint: 1 } }
`,
  );
  fine('data');
  const { split } = JSON.parse(fine('data', 'report', '--json'));
  const groups = new Map<string, { asked: number; got: number; epochs: number }>(
    split.mix.groups.map((group: { name: string }) => [group.name, group]),
  );
  expect([...groups.keys()].toSorted()).toEqual(['complaint', 'praise', 'unlabelled']);
  expect(groups.get('praise')?.asked).toBe(0.5);
  expect(groups.get('praise')?.epochs).toBeGreaterThan(1.5);
  expect(groups.get('unlabelled')).toMatchObject({ got: 0, epochs: 0 });
  const counts = new Map<string, Set<string | undefined>>();
  for await (const batch of readDocuments(join(folder, 'runs/main/artifacts/split/train.parquet'), {
    columns: { source: 'text', label: 'text?' },
  }))
    for (const { source, label } of batch) counts.set(source, (counts.get(source) ?? new Set()).add(label));
  for (const source of ['a.jsonl', 'b.csv', 'c.parquet', 'd'])
    expect([...(counts.get(source) ?? [])].toSorted(), source).toEqual(['complaint', 'praise']);

  expect(fine('data', 'why', 'c.parquet:6')).toMatch(/label +praise/);

  fine('label', 'create', 'tone', '--labels', 'praise,complaint');
  expect(fine('label', 'import', 'tone', '--run', 'main')).toMatch(
    /^200 items added, 0 were there already; 160 labels/,
  );
  fine('label', 'export', 'tone', '--balance', 'over', '--out', 'over.jsonl');
  const over = readFileSync(join(folder, 'over.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const praise = over.filter(({ label }) => label === 'praise').length;
  expect(over.length).toBe(2 * praise);
  fine('label', 'create', 'file', '--labels', 'praise,complaint');
  expect(fine('label', 'import', 'file', 'a.jsonl', '--label-field', 'tone')).toMatch(/^40 items added.*; 40 labels/);
  // What the project says counts by the documents' ids, as the field does.
  fine('data', '--set', 'data.mix.labels=project:tone');
  const again = JSON.parse(fine('data', 'report', '--json'));
  expect(again.split.mix.groups).toEqual(split.mix.groups);
});
