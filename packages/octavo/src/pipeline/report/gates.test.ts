import { describe, expect, it } from 'vitest';
import { runState } from '../../project/index.js';
import type { EvaluationFile } from './evaluation-file.js';
import { gatesOf } from './gates.js';
import type { ReportData } from './report-data.js';

const family = (right: number, n: number) => ({ n, right, rate: right / n, low: 0, high: 1, examples: [] });
const bits = (bitsPerByte: number) => ({
  bitsPerByte,
  perplexity: 20,
  low: bitsPerByte - 0.01,
  high: bitsPerByte + 0.01,
});

const evaluation: EvaluationFile = {
  heldOut: { split: 'validation', tokens: 100, bytes: 300 },
  baselineTokens: 1000,
  bitsPerByte: { unigram: 2.71, bigram: 1.96, trigram: 1.8, fivegram: 1.784, xz: 2.23 },
  model: bits(1.79),
  finetuned: bits(2.5),
  xz: { kind: 'measured', bitsPerByte: 2.23 },
  chat: { capital: family(95, 100), continent: family(60, 100), currency: family(84, 100), reverse: family(0, 100) },
  answers: [],
};

const report = (of: Partial<ReportData> = {}): ReportData => ({
  name: 'main',
  state: runState([]),
  alive: false,
  quickstart: true,
  plan: { kind: 'absent' },
  size: { kind: 'absent' },
  data: { kind: 'absent' },
  tokenizer: { kind: 'absent' },
  tokens: [],
  evaluation: { kind: 'read', value: evaluation },
  inside: { kind: 'absent' },
  nowMs: 0,
  ...of,
});

const verdicts = (of: ReportData) =>
  gatesOf(of).map(({ kind, wanted, measured, met }) => [kind, wanted, measured, met]);

describe('gates and targets', () => {
  it('are met or missed by what was measured', () => {
    expect(verdicts(report())).toEqual([
      ['gate', 'at most 1.85', '1.790', true],
      ['gate', 'below 1.960', '1.790', true],
      ['gate', 'below 2.230', '1.790', true],
      ['target', 'below 1.800', '1.790', true],
      ['target', 'below 1.784', '1.790', false],
      ['target', 'at least 95 %', '95.0 %', true],
      ['target', 'at least 80 %', '79.7 %', false],
    ]);
    expect(gatesOf(report()).at(-1)?.detail).toBe('239 of 300; with 95 % confidence 75 to 84 %');
  });

  it('are open without an evaluation, and without xz', () => {
    expect(gatesOf(report({ evaluation: { kind: 'absent' } })).map(({ met }) => met)).toEqual(Array(7).fill(undefined));
    const value = { ...evaluation, bitsPerByte: { ...evaluation.bitsPerByte, xz: null } };
    expect(verdicts(report({ evaluation: { kind: 'read', value } }))[2]).toEqual([
      'gate',
      'not measured',
      '1.790',
      undefined,
    ]);
  });

  it('ask of other texts and questions only what can be asked of them', () => {
    const value = { ...evaluation, chat: { reverse: family(5, 10) } };
    const names = gatesOf(report({ quickstart: false, evaluation: { kind: 'read', value } })).map(({ name }) => name);
    expect(names).toEqual([
      'Bits per byte, beside the bigram',
      'Bits per byte, beside xz -9e',
      'Bits per byte, beside the 3-gram',
      'Bits per byte, beside the 5-gram',
    ]);
  });
});
