import { expect, it } from 'vitest';
import { documentStage, repairText } from '../filters/document-stage.js';
import { cleanSection, dataSection } from '../section.js';
import { prose } from '../step.test-support.js';
import { verdictsOf } from './verdicts.js';

const section = cleanSection(
  dataSection.parse({ clean: { gopher: true, c4: { minSentences: 3 }, fineweb: true, languages: ['en'] } }),
);
const places = { projectFolder: '', cleanFolder: '' };
const corpus = { passes: [], cut: (_: string, text: string) => ({ text, lines: 0 }), judge: () => undefined };
const judges = { language: () => undefined, content: () => undefined, trained: undefined };
const stage = documentStage(section, corpus, judges);

const brokenOf = async (raw: string) => {
  const { text } = repairText(raw, section);
  const { verdicts } = await verdictsOf(
    { decoded: text, repaired: text, cut: stage(text, '', false).text },
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
