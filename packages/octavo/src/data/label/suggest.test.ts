import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.js';
import { nextItem, saveAnnotation } from './assign.js';
import { readFunctions, votesOn } from './functions.js';
import { trainLinearClassifier } from './linear-classifier.js';
import { measureAgreement } from './measure.js';
import { addItems, createProject } from './projects.js';
import { buildLabelApp } from './server.js';
import { suggestByClassifier, suggestByFunctions } from './suggest.js';
import { uncertainty } from './uncertainty.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-suggest-'));
const clock = { now: () => 1 };
let store: Store;
beforeAll(async () => {
  store = await openStore('s.sqlite', { projectFolder: folder, clock });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const rules = (functions: unknown) => readFunctions({ functions }, { labels: ['good', 'bad'], where: 'rules.yaml' });
const votes = (functions: unknown, content: object) =>
  votesOn(rules(functions), { id: 'i', ...content }).map(({ label }) => label);

describe('labelling functions', () => {
  it('vote by words, not within others, and in Chinese anywhere', () => {
    const words = [{ name: 'w', label: 'good', keywords: ['art', 'c++', 'well  done', '很好'] }];
    for (const text of ['Art!', 'in c++.', 'Well done', '这本书很好看'])
      expect(votes(words, { text })).toEqual(['good']);
    for (const text of ['part', 'arts', 'xc++', '']) expect(votes(words, { text })).toEqual([]);
  });

  it('vote by patterns and by fields', () => {
    expect(votes([{ name: 'p', label: 'bad', patterns: ['\\brefund(ed)?\\b'] }], { text: 'I was REFUNDED' })).toEqual([
      'bad',
    ]);
    const field = [{ name: 'f', field: 'stars', labels: { 1: 'bad', 5: 'good' } }];
    expect(votes(field, { text: '', meta: { stars: 5 } })).toEqual(['good']);
    expect(votes(field, { text: '', meta: { stars: 'constructor' } })).toEqual([]);
  });

  it.each([
    [[{ name: 'x', label: 'other', keywords: ['a'] }]],
    [[{ name: 'x', label: 'good', patterns: ['('] }]],
    [
      [
        { name: 'x', label: 'good', keywords: ['a'] },
        { name: 'x', label: 'bad', keywords: ['b'] },
      ],
    ],
    [[{ name: 'x', label: 'good', code: 'process.exit()' }]],
    [[]],
  ])('are refused: %j', (functions) =>
    expect(() => rules(functions)).toThrow(expect.objectContaining({ code: 'LABEL_FORMAT' })),
  );
});

describe('uncertainty', () => {
  it.each<['least-confidence' | 'margin' | 'entropy', number]>([
    ['least-confidence', 0.6],
    ['margin', 0.7],
    ['entropy', 0.8173],
  ])('%s of 0.6, 0.3, 0.1', (rule, value) => expect(uncertainty([0.3, 0.6, 0.1], rule)).toBeCloseTo(value, 3));

  it('is 1 where all are alike and 0 where one is sure', () => {
    for (const rule of ['least-confidence', 'margin', 'entropy'] as const) {
      expect(uncertainty([0.25, 0.25, 0.25, 0.25], rule)).toBeCloseTo(1, 12);
      expect(uncertainty([0, 1, 0], rule)).toBeCloseTo(0, 12);
    }
  });
});

const goodText = (at: number): string => `a wonderful, quick and quiet thing, number ${at}, that I love`;
const badText = (at: number): string => `a broken, slow and noisy thing, number ${at}, that I return`;

it('the classifier learns, is sure of what it saw, and gives the same again', () => {
  const examples = Array.from({ length: 12 }, (_, at) => ({
    text: at % 2 ? badText(at) : goodText(at),
    label: at % 2 ? 'bad' : 'good',
  }));
  const one = trainLinearClassifier(examples);
  expect(one.labels).toEqual(['bad', 'good']);
  expect(one.probabilities(goodText(99))[1]).toBeGreaterThan(0.8);
  expect(one.probabilities(badText(98))[0]).toBeGreaterThan(0.8);
  expect(trainLinearClassifier(examples).probabilities('quite another text')).toEqual(
    one.probabilities('quite another text'),
  );
});

it('suggestions reach the next item, the least sure first; functions say how right they were', async () => {
  const project = await createProject(store, {
    id: 'tone',
    settings: { kind: 'classification', labels: ['good', 'bad'] },
    clock,
  });
  const texts = [
    goodText(0),
    badText(1),
    goodText(2),
    badText(3),
    goodText(4),
    'wonderful and quiet, yet broken and slow: I return what I love',
    badText(6),
  ];
  await addItems(
    store,
    project,
    texts.map((text, at) => ({ content: { id: `t${at}`, text }, annotations: [], where: '' })),
    clock,
  );
  await expect(suggestByClassifier(store, project, 'margin')).rejects.toMatchObject({ code: 'LABEL_INVALID' });
  for (const at of [0, 1, 2, 3])
    await saveAnnotation(store, project, {
      id: `t${at}`,
      annotator: 'ann',
      value: { labels: [at % 2 ? 'bad' : 'good'] },
      clock,
    });
  const weak = await suggestByFunctions(store, project, {
    functions: rules([
      { name: 'love', label: 'good', keywords: ['love'] },
      { name: 'return', label: 'bad', keywords: ['return'] },
    ]),
    by: 'majority',
  });
  expect(weak).toMatchObject({
    items: 7,
    covered: 7,
    conflicts: 1,
    functions: [
      { name: 'love', votes: 4, right: 1 },
      { name: 'return', votes: 4, right: 1 },
    ],
  });
  expect(await suggestByClassifier(store, project, 'margin')).toMatchObject({ trainedOn: 4, suggested: 3 });
  const next = await nextItem(store, project, { annotator: 'ann', clock });
  expect(next?.content.id).toBe('t5');
  expect(next?.suggestions.map(({ name }) => name).toSorted()).toEqual(['classifier', 'functions (majority)']);
});

it('agreement is measured by item and, for spans, by word', async () => {
  const add = async (id: string, settings: unknown, rows: readonly (readonly [string, ...unknown[]])[]) => {
    const project = await createProject(store, { id, settings, clock });
    await addItems(
      store,
      project,
      rows.map(([text, ...values], at) => ({
        content: { id: `${at}`, text },
        annotations: values.map((value, who) => ({ annotator: `p${who}`, value })),
        where: '',
      })),
      clock,
    );
    return measureAgreement(store, project);
  };
  const rating = (value: number) => ({ rating: value });
  const rated = await add('rated', { kind: 'rating' }, [
    ['a', rating(1), rating(1)],
    ['b', rating(5), rating(4)],
    ['c', rating(2), { skipped: true }],
  ]);
  expect(rated).toMatchObject({
    unit: 'item',
    units: 3,
    shared: 2,
    level: 'ordinal',
    pairs: [{ one: 'p0', other: 'p1', units: 2, agreed: 0.5 }],
  });
  const spans = (end: number) => ({ spans: [{ start: 0, end, label: 'PER' }] });
  const marked = await add('marked', { kind: 'spans', labels: ['PER'] }, [
    ['Anna Smith met Bob', spans(10), spans(10)],
    ['Bob left town', spans(3), spans(8)],
  ]);
  expect(marked).toMatchObject({ unit: 'word', units: 7, shared: 7, level: 'nominal', pairs: [{ agreed: 6 / 7 }] });
  expect(marked.alpha).toBeGreaterThan(0.6);
});

describe('the server of the page', () => {
  it('refuses other names, other pages, no token and no sense', async () => {
    const project = await createProject(store, { id: 'page', settings: { kind: 'text' }, clock });
    const app = buildLabelApp({ store, project, clock, token: 'secret', log: () => undefined });
    const ask = async (headers: Readonly<Record<string, string>>, url = '/api/project', body?: unknown) =>
      (
        await app.inject({
          method: body === undefined ? 'GET' : 'POST',
          url,
          headers: { host: 'localhost', ...headers },
          ...(body === undefined ? {} : { payload: body as object }),
        })
      ).statusCode;
    const authorization = 'Bearer secret';
    expect(await ask({ authorization })).toBe(200);
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: 'Bearer Secret' })).toBe(401);
    expect(await ask({ authorization, host: 'evil.example' })).toBe(421);
    expect(await ask({ authorization, origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ authorization }, '/api/next', { annotator: ' ' })).toBe(400);
    expect(await ask({ authorization }, '/api/next', { annotator: 'ann', more: 1 })).toBe(400);
    expect(await ask({ authorization }, '/api/save', { annotator: 'ann', id: 'none', value: { text: 'x' } })).toBe(400);
    expect(await ask({ authorization }, '/api/next', { annotator: 'ann' })).toBe(200);
    expect(await ask({}, '/')).toBe(200);
    await app.close();
  });
});
