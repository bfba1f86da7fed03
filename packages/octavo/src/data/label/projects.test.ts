import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.js';
import { labelProgress, nextItem, saveAnnotation, undoAnnotation } from './assign.js';
import { exportLabels, type LabelFormat, readItems } from './interchange.js';
import { addItems, createProject, findProject, type LabelProject, labelledItems } from './projects.js';
import { sharesOut, storesEveryText } from './store-oracle.test-support.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-label-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let store: Store;
beforeAll(async () => {
  store = await openStore('labels.sqlite', { projectFolder: folder, clock: { now: () => 1 } });
});
afterAll(() => store[Symbol.asyncDispose]());
let made = 0;
/** A project of its own in the one store. */
const newProject = (settings: unknown) => createProject(store, { id: `p${++made}`, settings, clock: at(0) });
const at = (ms: number) => ({ now: () => ms });
const items = (...texts: readonly string[]) =>
  texts.map((text, index) => ({ content: { id: `i${index}`, text }, annotations: [], where: `line ${index}` }));

const schemaOf = async ({ db }: Store) =>
  (await sql`select type, name, sql from sqlite_master order by name`.execute(db)).rows;

describe('labels in SQLite', () => {
  it('keep every text in every field, and the schema stays', async () => {
    const before = await schemaOf(store);
    await storesEveryText(store);
    expect(await schemaOf(store)).toEqual(before);
  });

  it('are shared out among many', async () => {
    await sharesOut(store, { people: 4, items: 10 });
  });
});

describe('claims', () => {
  it('keep an item for one until their time is over', async () => {
    const project = await newProject({ kind: 'text', claimMinutes: 1 });
    await addItems(store, project, items('one', 'two'), at(0));
    const idOf = async (annotator: string, ms: number) =>
      (await nextItem(store, project, { annotator, clock: at(ms) }))?.content.id;
    expect(await idOf('ann', 0)).toBe('i0');
    expect(await idOf('ann', 10)).toBe('i0');
    expect(await idOf('bob', 20)).toBe('i1');
    expect(await idOf('cy', 30)).toBe(undefined);
    expect(await idOf('cy', 60_010)).toBe('i0');
    const late = saveAnnotation(store, project, {
      id: 'i0',
      annotator: 'ann',
      value: { text: 'late' },
      clock: at(60_011),
    });
    await expect(late).rejects.toMatchObject({ code: 'LABEL_CLAIM' });
    await saveAnnotation(store, project, {
      id: 'i1',
      annotator: 'bob',
      value: { text: 'late but free' },
      clock: at(90_000),
    });
    expect(await labelProgress(store, project)).toMatchObject({ annotations: 1, complete: 1 });
  });

  it('are given back by undo, with what was said', async () => {
    const project = await newProject({ kind: 'pairs' });
    await addItems(store, project, [{ content: { id: 'p', a: 'x', b: 'y' }, annotations: [], where: '' }], at(0));
    expect(await undoAnnotation(store, project, { annotator: 'ann', clock: at(1) })).toBe(undefined);
    await saveAnnotation(store, project, { id: 'p', annotator: 'ann', value: { choice: 'tie' }, clock: at(2) });
    expect(await nextItem(store, project, { annotator: 'ann', clock: at(3) })).toBe(undefined);
    expect((await undoAnnotation(store, project, { annotator: 'ann', clock: at(4) }))?.before?.value).toEqual({
      choice: 'tie',
    });
    expect((await nextItem(store, project, { annotator: 'ann', clock: at(5) }))?.content.id).toBe('p');
    expect(await nextItem(store, project, { annotator: 'bob', clock: at(5) })).toBe(undefined);
  });
});

describe('what does not fit a project', () => {
  const settings: Readonly<Record<string, unknown>> = {
    classification: { kind: 'classification', labels: ['x', 'y'] },
    spans: { kind: 'spans', labels: ['PER'] },
    pairs: { kind: 'pairs', ties: false },
    rating: { kind: 'rating', from: 1, to: 5 },
    text: { kind: 'text' },
  };
  it.each([
    ['classification', { labels: [] }],
    ['classification', { labels: ['x', 'y'] }],
    ['classification', { labels: ['z'] }],
    ['classification', { text: 'x' }],
    ['spans', { spans: [{ start: 0, end: 99, label: 'PER' }] }],
    ['spans', { spans: [{ start: 2, end: 2, label: 'PER' }] }],
    ['spans', { spans: [{ start: 0, end: 1, label: 'LOC' }] }],
    ['pairs', { choice: 'tie' }],
    ['pairs', { choice: 'c' }],
    ['rating', { rating: 6 }],
    ['rating', { rating: 1.5 }],
    ['text', { rating: 1 }],
    ['text', { text: 'x', more: 1 }],
    ['text', null],
  ])('is refused: %s %j', async (kind, value) => {
    const project = await newProject(settings[kind]);
    await addItems(
      store,
      project,
      [{ content: { id: 'i0', text: 'abc', a: 'a', b: 'b' }, annotations: [], where: '' }],
      at(0),
    );
    await expect(
      saveAnnotation(store, project, { id: 'i0', annotator: 'ann', value, clock: at(1) }),
    ).rejects.toMatchObject({ code: 'LABEL_INVALID' });
  });

  it('a project of one name, a name of spaces, an item of one id, an item without text', async () => {
    const project = await newProject({ kind: 'text' });
    await expect(
      createProject(store, { id: project.id, settings: { kind: 'text' }, clock: at(0) }),
    ).rejects.toMatchObject({
      code: 'LABEL_PROJECT',
    });
    await expect(createProject(store, { id: 'a b', settings: { kind: 'text' }, clock: at(0) })).rejects.toMatchObject({
      code: 'LABEL_PROJECT',
    });
    await expect(
      createProject(store, { id: 'y', settings: { kind: 'rating', from: 3, to: 3 }, clock: at(0) }),
    ).rejects.toMatchObject({ code: 'LABEL_INVALID' });
    await expect(findProject(store, `${project.id}x`)).rejects.toMatchObject({ code: 'LABEL_PROJECT' });
    await addItems(store, project, items('one'), at(0));
    await expect(addItems(store, project, items('two'), at(0))).rejects.toMatchObject({
      code: 'LABEL_INVALID',
      where: 'line 0',
    });
    await expect(
      addItems(store, project, [{ content: { id: 'z' }, annotations: [], where: 'line 9' }], at(0)),
    ).rejects.toMatchObject({ where: 'line 9' });
  });
});

const said = (value: unknown) => [
  { annotator: 'ann', value, timeMs: 1_700_000_000_000 },
  { annotator: 'böb "x"', value: { skipped: true }, timeMs: 1_700_000_001_000, comment: 'what\nis it' },
];
const text = 'Anna Smith met Bob  in Paris\u2028— "no" #1 北京\nnext line\tend';
const kinds: readonly (readonly [
  string,
  Readonly<Record<string, unknown>>,
  Readonly<Record<string, unknown>>,
  unknown,
])[] = [
  ['classification', { labels: ['x', 'a b/c'], multiple: true }, { text }, { labels: ['a b/c', 'x'] }],
  [
    'spans',
    { labels: ['PER', 'LOC x%'] },
    { text },
    {
      spans: [
        { start: 0, end: 4, label: 'PER' },
        { start: 5, end: 10, label: 'PER' },
        { start: 23, end: 28, label: 'LOC x%' },
      ],
    },
  ],
  ['pairs', { ties: true }, { prompt: 'q', a: 'left', b: 'right' }, { choice: 'b' }],
  ['pairs', { ties: true }, { a: 'left', b: 'right' }, { choice: 'tie' }],
  ['rating', { from: 0, to: 7 }, { text }, { rating: 7 }],
  ['text', {}, { text }, { text: 'an answer\nof two lines' }],
];

const all = async (store: Store, project: LabelProject) => {
  const found = [];
  for await (const item of labelledItems(store, project)) found.push(item);
  return found;
};

describe.each(kinds)('%s', (kind, more, fields, value) => {
  it.each<[LabelFormat]>([['jsonl'], ['label-studio'], ...(kind === 'spans' ? ([['conll']] as [LabelFormat][]) : [])])(
    'goes out as %s and comes back the same',
    async (format) => {
      const settings = { kind, overlap: 2, ...more };
      const one = await newProject(settings);
      const meta = format === 'conll' ? {} : { meta: { from: 'here', n: 1 } };
      const annotations = format === 'conll' ? said(value).slice(0, 1) : said(value);
      await addItems(
        store,
        one,
        [
          { content: { id: 'first\n"of" all', ...fields, ...meta }, annotations, where: '' },
          { content: { id: 'second', ...fields }, annotations: [], where: '' },
        ],
        at(5),
      );
      const path = join(folder, `${one.id}.${format}`);
      await exportLabels(store, one, { format, to: path });
      const two = await newProject(settings);
      await addItems(
        store,
        two,
        readItems(path, two, { format, textField: 'text', annotator: 'me' }),
        at(1_700_000_000_000),
      );
      const [mine, its] = [await all(store, one), await all(store, two)];
      // A skipped item of Label Studio has no result, whatever its kind.
      expect(its).toEqual(mine);
    },
  );
});

it('goes out balanced: fewer, repeated, or weighed', async () => {
  const project = await newProject({ kind: 'classification', labels: ['a', 'b'], overlap: 3 });
  const given = ['a', 'a', 'a', 'b', ''].map((label, n) => ({
    content: { id: `x${n}`, text: 'a text' },
    annotations: label === '' ? [] : [{ annotator: 'ann', value: { labels: [label] } }],
    where: '',
  }));
  await addItems(store, project, given, at(5));
  const rows = async (balance: 'under' | 'over' | 'inverse') => {
    const lines: string[] = [];
    await exportLabels(store, project, { format: 'jsonl', balance, to: { write: (text) => lines.push(text) } });
    return lines.map((line): unknown => JSON.parse(line));
  };
  expect(await rows('under')).toHaveLength(2);
  expect(await rows('over')).toHaveLength(6);
  expect(await rows('inverse')).toMatchObject([
    ...Array.from({ length: 3 }, () => ({ label: 'a', weight: 2 / 3 })),
    { label: 'b', weight: 2 },
  ]);
});

it('reads CoNLL as others write it', async () => {
  const project = await newProject({ kind: 'spans', labels: ['PER', 'LOC'] });
  const path = join(folder, 'given.conll');
  writeFileSync(
    path,
    '-DOCSTART- -X- -X- O\n\nU.N. NNP I-NP O\nAnna NNP I-NP I-PER\nSmith NNP I-NP I-PER\nBob NNP I-NP B-PER\r\nParis NNP I-NP I-LOC\n\n\n# x O\n',
  );
  await addItems(
    store,
    project,
    readItems(path, project, { format: 'conll', textField: 'text', annotator: 'gold' }),
    at(3),
  );
  const [first, second] = await all(store, project);
  expect(first?.content).toEqual({ id: 'given.conll:3', text: 'U.N. Anna Smith Bob Paris' });
  expect(first?.annotations[0]?.value).toEqual({
    spans: [
      { start: 5, end: 15, label: 'PER' },
      { start: 16, end: 19, label: 'PER' },
      { start: 20, end: 25, label: 'LOC' },
    ],
  });
  expect(second?.content.text).toBe('#');
});

it('reads rows of any fields, and says where a file is wrong', async () => {
  const project = await newProject({ kind: 'text' });
  const read = (content: string) => {
    const path = join(folder, 'rows.jsonl');
    writeFileSync(path, content);
    return addItems(
      store,
      project,
      readItems(path, project, { format: 'jsonl', textField: 'body', annotator: '' }),
      at(0),
    );
  };
  await read('\ufeff{"body":"b","year":1999,"id":7}\n\n{"body":"\u2028c"}\n');
  expect((await all(store, project)).map(({ content }) => content)).toEqual([
    { id: '7', text: 'b', meta: { year: 1999 } },
    { id: 'rows.jsonl:3', text: '\u2028c' },
  ]);
  await expect(read('{"body":"x"}\nno json\n')).rejects.toMatchObject({ code: 'LABEL_FORMAT', where: 'rows.jsonl:2' });
  await expect(read('[1]\n')).rejects.toMatchObject({ code: 'LABEL_FORMAT' });
  await expect(read('{"body":5}\n')).rejects.toMatchObject({ code: 'LABEL_INVALID', where: 'rows.jsonl:1' });
});
