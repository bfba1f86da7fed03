/** The clean step with every rule on, over a corpus with planted faults. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDocuments } from '../formats/index.js';
import { clean } from './clean.js';
import { collect } from './collect.js';
import { sampleDocuments } from './inspect/sample.js';
import { cleanSection, collectSection, dataSection } from './section.js';
import { prose, stepRunner } from './step.test-support.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-clean-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sentences on lines of their own, with words enough for the rules on prose. */
const page = (n: number) => Array.from({ length: 10 }, (_, line) => prose(1000 * n + line, 1)).join('\n');
const passage = prose(555, 8);

describe('clean with every rule on', () => {
  it('drops and changes what was planted, says why, and leaves the rest', async () => {
    const rows: Record<string, string> = {
      spam: 'buy now '.repeat(60),
      code: `${page(1)}\nfunction f() { return 1; } is what it says here.`,
      url: page(90),
      evaluated: `${page(91)}\nThis very sentence of some fourteen words stands in an evaluation set as well.`,
      personal: `${page(92)}\nWrite to jane@example.org or call (415) 555-2671 about that.`,
      garbled: Buffer.from(`${page(93)}\nHere is the “naïve café” of that old man.`).toString('latin1'),
      first: `${page(94)}\n${passage}`,
      second: `${page(95)}\n${passage}`,
    };
    const documents = [
      ...Array.from({ length: 30 }, (_, n) => ({
        id: `p${n}`,
        text: `${page(n + 2)}\nAll rights of this page are with its authors.`,
      })),
      ...Object.entries(rows).map(([id, text]) => ({ id, text })),
    ];
    for (const { id, text } of documents) writeFileSync(join(folder, `${id}.txt`), text);
    writeFileSync(
      join(folder, 'evals.jsonl'),
      JSON.stringify({ q: 'This very sentence of some fourteen words stands in an evaluation set as well' }),
    );
    const data = dataSection.parse({
      sources: [{ from: '*.txt', name: 'web' }],
      chat: { families: [] },
      clean: {
        gopher: { minStopWords: 1 },
        c4: true,
        fineweb: true,
        boilerplate: true,
        outliers: true,
        pii: true,
        urlDuplicates: true,
        substrings: true,
        decontaminate: { files: ['evals.jsonl'] },
      },
    });
    const { artifacts, run } = stepRunner(folder);
    await run(collect, collectSection(data));
    const outcome = await run(clean, cleanSection(data));
    const { documents: dropped } = await sampleDocuments(artifacts, { fate: 'dropped' }, { count: 100, seed: 1 });
    expect(
      Object.fromEntries(
        dropped.map(({ id, dropped, text, hit }) => [id, [dropped?.reason, text.slice(hit?.from, hit?.to)]]),
      ),
    ).toEqual({
      'web/spam': ['gopher.top_runs', 'buy now'],
      'web/code': ['c4.curly_bracket', '{'],
      'web/evaluated': ['contaminated', expect.stringMatching(/^This very sentence of some fourteen words/)],
    });
    expect(outcome).toMatchObject({
      kind: 'done',
      summary: {
        changes: {
          'boilerplate.lines': { documents: 30, places: 30 },
          'pii.email': { documents: 1, places: 1 },
          'pii.phone': { documents: 1, places: 1 },
          'repair.mojibake': { documents: 1, places: 4 },
          'substrings.passages': { documents: 1 },
        },
      },
    });
    const kept = new Map<string, string>();
    for await (const batch of readDocuments(join(artifacts, 'clean/documents.parquet'), {
      columns: { id: 'text', text: 'text' },
    }))
      for (const { id, text } of batch) kept.set(id, text);
    expect(kept.size).toBe(documents.length - 3);
    expect(kept.get('web/p3')).toBe(page(5));
    expect(kept.get('web/personal')).toContain('Write to [email] or call [phone] about that.');
    expect(kept.get('web/garbled')).toContain('“naïve café”');
    expect(kept.get('web/first')).toContain(passage);
    expect(kept.get('web/second')).not.toContain(passage.slice(40, -40));
    expect(readdirSync(join(artifacts, 'clean')).filter((name) => name.includes('spill'))).toEqual([]);
    expect(Object.keys((await clean.externalInputs?.(cleanSection(data), folder)) ?? {})).toEqual(['evals.jsonl']);
  });
});

it('fills in what a source does not tell, or drops the document for it', async () => {
  const place = mkdtempSync(join(folder, 'missing-'));
  const texts = {
    'a-2021-03-04': '# On whales\n\n',
    b: '',
    c: 'https://creativecommons.org/licenses/by/4.0/ it says.\n',
  };
  for (const [n, [id, start]] of Object.entries(texts).entries())
    writeFileSync(join(place, `${id}.txt`), `${start}${page(500 + n)}`);
  const data = dataSection.parse({
    sources: [{ from: '*.txt', name: 'web' }],
    chat: { families: [] },
    clean: { missing: { title: 'infer', time: 'infer', licence: { default: 'CC0-1.0' }, url: 'keep' } },
  });
  const { artifacts, run } = stepRunner(place);
  await run(collect, collectSection(data));
  const outcome = await run(clean, cleanSection(data));
  const kept = [];
  for await (const batch of readDocuments(join(artifacts, 'clean/documents.parquet'), {
    columns: { id: 'text', title: 'text?', time: 'text?', licence: 'text' },
  }))
    kept.push(...batch);
  expect(kept.map(({ id, time, licence }) => [id, time, licence])).toEqual([
    ['web/a-2021-03-04', '2021-03-04', 'CC0-1.0'],
    ['web/b', undefined, 'CC0-1.0'],
    ['web/c', undefined, 'CC0-1.0'],
  ]);
  expect(kept[0]?.title).toBe('On whales');
  expect(outcome).toMatchObject({ summary: { changes: { 'missing.licence.default': { documents: 3 } } } });

  const stricter = dataSection.parse({ ...data, clean: { missing: { time: 'drop' } } });
  await run(clean, cleanSection(stricter)).then(
    () => expect.unreachable(),
    (error: unknown) => expect(error).toMatchObject({ code: 'DATA_TOO_SMALL' }),
  );
});
