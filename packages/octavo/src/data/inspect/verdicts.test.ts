import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { learnCorpus, recallCorpus } from '../clean/learn-corpus.js';
import { corpusStage } from '../filters/corpus-stage.js';
import { documentStage, repairText } from '../filters/document-stage.js';
import { cleanSection, dataSection } from '../section.js';
import { prose } from '../step.test-support.js';
import { verdictsOf } from './verdicts.js';

const section = cleanSection(
  dataSection.parse({ clean: { gopher: true, c4: { minSentences: 3 }, fineweb: true, languages: ['en'] } }),
);
const places = { projectFolder: '', cleanFolder: '' };
const corpus = corpusStage(section, 0);
const judges = { language: () => undefined, content: () => undefined, trained: undefined };
const stage = documentStage(section, corpus, judges);

const documentOf = (source: string) => ({ id: 'a', source, licence: '', text: '' });

const brokenOf = async (raw: string) => {
  const { text } = repairText(raw, section);
  const { verdicts } = await verdictsOf(
    {
      document: documentOf(''),
      stages: { decoded: text, repaired: text, own: text, cut: stage(text, '', false).text },
      corpus,
    },
    section,
    places,
  );
  return { verdicts, broken: verdicts.filter(({ verdict }) => verdict === 'broken') };
};

it('tells the figure of each rule beside its threshold, and finds what cleaning finds', async () => {
  const { verdicts, broken } = await brokenOf(prose(3, 20));
  expect(broken).toEqual([]);
  expect(verdicts).toContainEqual({ reason: 'gopher.symbol_ratio', verdict: 'passed', detail: '0, at most 0.1' });
  expect(verdicts).toContainEqual({ reason: 'c4.too_few_sentences', verdict: 'passed', detail: '20, at least 3' });
  expect(verdicts.filter(({ reason }) => reason === 'gopher.duplicate_runs')).toHaveLength(6);
  for (const text of [
    'buy now '.repeat(60),
    `${prose(4)}\n${'# '.repeat(90)}`,
    `${prose(5)} function f() { return 1; }.`,
    'tiny',
    `${prose(6, 3)}\n${'short line\n'.repeat(40)}`,
  ]) {
    const dropped = stage(text, '', true).dropped;
    expect(dropped).toBeDefined();
    const found = (await brokenOf(text)).broken;
    expect(found).toContainEqual({ reason: dropped?.reason, detail: dropped?.detail, verdict: 'broken' });
  }
});

it('tells what rules about the whole corpus learned, as long as it is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-verdicts-'));
  const asked = cleanSection(dataSection.parse({ clean: { boilerplate: true, outliers: true } }));
  const menu = 'Home | Contact | About us';
  const texts = Array.from({ length: 150 }, (_, n) => `${prose(n, 8 + (n % 5))}${n % 10 === 0 ? `\n${menu}` : ''}`);
  const batches = async function* () {
    yield texts.map((text, n) => ({ id: `${n}`, source: 'web', licence: '', text }));
  };
  const learned = corpusStage(asked, texts.length);
  const signal = new AbortController().signal;
  await learnCorpus(learned, { section: asked, folder, shards: 1, batches, onShard: () => {}, signal });
  const verdictsIn = async (text: string) => {
    const recalled = await recallCorpus(corpusStage(asked, texts.length), folder);
    const own = recalled?.cut('web', text).text ?? text;
    const { verdicts } = await verdictsOf(
      { document: documentOf('web'), stages: { decoded: text, repaired: text, own, cut: own }, corpus: recalled },
      asked,
      places,
    );
    return verdicts.filter(({ reason }) => /boilerplate|outlier/.test(reason));
  };
  expect(await verdictsIn(texts[0] ?? '')).toMatchObject([
    { verdict: 'passed', detail: 'the commonest line is in 15 documents of web, cut from 10 on' },
    { reason: 'outlier.length', verdict: 'passed', detail: expect.stringMatching(/^\d+, at least \d+, at most \d+$/) },
    { reason: 'outlier.symbols', verdict: 'passed', detail: expect.stringMatching(/^0\.0\d+, at most 0\.\d+$/) },
    { reason: 'outlier.perplexity', verdict: 'passed' },
  ]);
  const odd = prose(7, 900);
  expect(await verdictsIn(odd)).toContainEqual({ verdict: 'broken', ...learned.judge(odd) });
  rmSync(folder, { recursive: true });
  expect(await verdictsIn(odd)).toMatchObject([
    { reason: 'boilerplate', verdict: 'unknown', detail: expect.stringContaining('gone from .octavo/cache') },
    { reason: 'outlier', verdict: 'unknown' },
  ]);
});

it('tells what the source did not, and what was made of it', async () => {
  const asked = cleanSection(dataSection.parse({ clean: { missing: { title: 'infer', time: 'infer', url: 'drop' } } }));
  const text = '# On whales\n\nThey swim.';
  const document = { ...documentOf('web'), url: 'https://a.example/' };
  const told = async (given: typeof document | ReturnType<typeof documentOf>) => {
    const stages = { decoded: text, repaired: text, own: text, cut: text };
    const { verdicts } = await verdictsOf({ document: given, stages, corpus: corpusStage(asked, 0) }, asked, places);
    return verdicts.filter(({ reason }) => reason.startsWith('missing'));
  };
  expect(await told(document)).toEqual([
    { reason: 'missing.title', verdict: 'passed', detail: 'not told: On whales' },
    { reason: 'missing.time', verdict: 'passed', detail: 'not told, and nothing to infer it from' },
    { reason: 'missing.url', verdict: 'passed', detail: 'https://a.example/' },
  ]);
  expect(await told(documentOf('web'))).toContainEqual({
    reason: 'missing.url',
    verdict: 'broken',
    detail: 'the source tells no url',
  });
});
