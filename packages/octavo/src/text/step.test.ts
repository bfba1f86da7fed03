import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventBody } from '../core/index.js';
import { writeDocuments } from '../formats/index.js';
import type { StepContext } from '../project/index.js';
import { loadTokenizer } from './load-tokenizer.js';
import { type TokenizerSection, tokenizerSection } from './section.js';
import { TokenizerSummary, tokenizerStep } from './step.js';
import { englishAndCode } from './texts.test-support.js';

let root = '';
let events: EventBody[] = [];
const artifact = (step: string) => join(root, step);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'octavo-tokenizer-step-'));
  events = [];
  for (const step of ['plan', 'split', 'tokenizer']) mkdirSync(artifact(step));
  writeFileSync(
    join(artifact('plan'), 'plan.json'),
    JSON.stringify({ resolved: { tokenizer: { vocabularySize: 700 } } }),
  );
  const texts = englishAndCode(120_000).split(/(?<=;)\n/);
  const columns = { id: 'text', source: 'text', text: 'text' } as const;
  const rows = texts.map((text, index) => ({ id: String(index), source: 'lib', text }));
  await writeDocuments(join(artifact('split'), 'train.parquet'), { columns }, rows.slice(50));
  await writeDocuments(join(artifact('split'), 'validation.parquet'), { columns }, rows.slice(0, 50));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const context = (
  section: Partial<TokenizerSection> = {},
  signal = new AbortController().signal,
): StepContext<TokenizerSection> => {
  let nowMs = 0;
  return {
    section: tokenizerSection.parse(section),
    folder: artifact('tokenizer'),
    artifact,
    projectFolder: root,
    cacheFolder: root,
    emit: (event) => events.push(event),
    clock: { now: () => ++nowMs },
    signal,
  };
};

describe('the tokenizer step', () => {
  it('learns the vocabulary that the plan asks for, and says how it compresses held-out text', async () => {
    const outcome = await tokenizerStep.run(context());
    const summary = TokenizerSummary.parse(
      JSON.parse(readFileSync(join(artifact('tokenizer'), 'summary.json'), 'utf8')),
    );
    expect(outcome).toEqual({ kind: 'done', summary });
    const tokenizer = await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json'));
    expect(tokenizer.vocabularySize).toBe(700);
    expect(summary).toMatchObject({ hash: tokenizer.hash, pattern: 'cl100k', vocabularySize: 700, askedFor: 700 });
    expect(summary.heldOut.bytesPerToken).toBeGreaterThan(2.5);
    expect(summary.longestTokens).toHaveLength(12);
    expect(events.at(-1)).toEqual({ kind: 'progress', step: 'tokenizer', done: 695, total: 695, unit: 'tokens' });
  });

  it('takes what the section says, and warns when the text gives less', async () => {
    await tokenizerStep.run(context({ vocabularySize: 100_000, minimumFrequency: 50 }));
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([
      { kind: 'warning', step: 'tokenizer', text: expect.stringMatching(/^the text gives only \d+ of 100000 tokens/) },
    ]);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    expect(await tokenizerStep.run(context({}, AbortSignal.abort()))).toEqual({ kind: 'interrupted' });
    expect(readdirSync(artifact('tokenizer'))).toEqual([]);
  });

  it('says what is wrong with a plan', async () => {
    writeFileSync(join(artifact('plan'), 'plan.json'), '{}');
    await expect(tokenizerStep.run(context())).rejects.toThrowError(
      /plan\.json: it does not say resolved\.tokenizer\.vocabularySize \[FILE_INVALID\]/,
    );
  });
});
