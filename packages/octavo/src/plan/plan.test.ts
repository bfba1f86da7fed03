import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.js';
import { hardwareSection, type Machine, trainingMemory } from '../hardware/index.js';
import { scheduleOf, splitBudget } from './budget.js';
import { choosePlan, type PlanInput } from './choose-plan.js';
import { bytesPerToken, forecastBits, measuredRuns, measuredTokens } from './forecast.js';
import type { ModelChoices, PretrainChoices } from './plan.js';
import { planSchema } from './plan.js';
import { explainPlan, planMarkdown } from './plan-text.js';
import { planSection } from './section.js';
import { planStep, readPlan } from './step.js';

const machine: Machine = {
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  gflops: { float32: 356, mixed: 250 / 0.65 },
  gigabytesPerSecond: 20,
  isa: 'avx512fp16',
  mixedForm: 'half',
};
const input = (
  plan: unknown = {},
  model: ModelChoices = {},
  pretrain: PretrainChoices = {},
  hardware: unknown = {},
): PlanInput => ({
  plan: planSection.parse(plan),
  hardware: hardwareSection.parse(hardware),
  model,
  pretrain,
  tokenizer: {},
});
const whyOf = (plan: ReturnType<typeof choosePlan>, field: string) =>
  plan.reasons.find((each) => each.field === field)?.why;

describe('forecastBits', () => {
  it.each(measuredRuns)('misses the run of $flops operations by less than 0.8 %', ({ flops, tokens, bitsPerByte }) => {
    const forecast = forecastBits({ flops, tokens, uniqueTokens: measuredTokens });
    expect(Math.abs(forecast.bitsPerByte / bitsPerByte - 1)).toBeLessThan(0.008);
    expect(forecast.error).toBeGreaterThan(Math.abs(forecast.bitsPerByte - bitsPerByte));
  });
  it('is less sure beyond them, and never better for more repetition of less text', () => {
    const at = (flops: number, uniqueTokens: number) => forecastBits({ flops, tokens: 4e6, uniqueTokens });
    expect(at(6e14, 1e6).error).toBeGreaterThan(at(6e13, 1e6).error);
    expect(at(6e13, 1e5).bitsPerByte).toBeGreaterThan(at(6e13, 1e6).bitsPerByte);
  });
  it.each([
    [2048, 3.18],
    [4096, 3.67],
    [8192, 4.11],
  ])('%i entries: %f bytes a token', (entries, bytes) =>
    expect(Math.abs(bytesPerToken(entries) - bytes)).toBeLessThan(0.03),
  );
});

describe('splitBudget', () => {
  const split = (plan: unknown) => splitBudget(planSection.parse(plan));
  it('gives pretraining four of ten minutes, and nearly all of a day', () => {
    expect(split({})).toEqual({ totalSeconds: 600, pretrainSeconds: 240, finetuneSeconds: 60, boundBy: 'time' });
    expect(split({ budget: '1d' }).pretrainSeconds).toBe(86_400 - 600);
    expect(split({ pretrainTime: '4m' }).pretrainSeconds).toBe(240);
  });
  it('lets money bind where it is tighter', () => {
    const money = { amount: 1, perHour: 12 };
    expect(split({ budget: '10m', money })).toMatchObject({ totalSeconds: 300, boundBy: 'money' });
    expect(split({ budget: '1m', money })).toMatchObject({ totalSeconds: 60, boundBy: 'time' });
  });
  it('refuses what is no time', () => {
    for (const budget of ['10', 'soon', '0s', '-5m']) expect(planSection.safeParse({ budget }).success).toBe(false);
  });
  it('schedules every step, the two that train by the budget', () => {
    const schedule = scheduleOf({ pretrainSeconds: 240, finetuneSeconds: 60 }, 5.5e6);
    expect(schedule.filter(({ kind }) => kind === 'budget').map(({ step, seconds }) => [step, seconds])).toEqual([
      ['pretrain', 240],
      ['finetune', 60],
    ]);
    expect(schedule.every(({ seconds }) => seconds > 0)).toBe(true);
  });
});

describe('choosePlan', () => {
  it('plans the trial run for ten minutes of a machine that trains at 250 GFLOP/s', () => {
    const { resolved, forecast, risks } = choosePlan(input(), machine, { dataBytes: 5_500_000 });
    expect(resolved.tokenizer.vocabularySize).toBe(4096);
    expect(resolved.model).toMatchObject({
      depth: 4,
      width: 192,
      heads: 3,
      headWidth: 64,
      feedForwardWidth: 576,
      contextLength: 256,
      activation: 'relu-squared',
      queryKeyNorm: true,
      outputBias: false,
    });
    expect(resolved.training).toMatchObject({
      batchSequences: 8,
      microBatches: 1,
      sequenceLength: 256,
      learningRate: { matrices: 0.015, others: 0.01 },
      schedule: 'linear',
      optimiser: 'muon',
      precision: 'mixed',
    });
    expect(resolved.training.warmupSteps / resolved.training.steps).toBeCloseTo(0.03, 3);
    expect(forecast.flops / 6e13).toBeCloseTo(1, 2);
    expect(forecast.pretrainSeconds).toBeCloseTo(240, -0.5);
    expect(Math.abs(forecast.bitsPerByte - 1.636)).toBeLessThan(0.01);
    expect(forecast.epochs).toBeCloseTo(2.5, 1);
    expect(risks).toHaveLength(1);
  });

  it('lets what the user sets win, says so, and spends the same time', () => {
    const model = { depth: 6, activation: 'swiglu', norm: 'layer', vocabularySize: 8192 } as const;
    const plan = choosePlan(input({ pretrainTime: '2m' }, model, { learningRate: 0.002, batchSequences: 16 }), machine);
    expect(plan.resolved.model).toMatchObject({ ...model, width: 320 });
    expect(plan.resolved.tokenizer.vocabularySize).toBe(8192);
    expect(plan.resolved.training).toMatchObject({ batchSequences: 16, learningRate: { others: 0.002 } });
    expect(plan.forecast.pretrainSeconds).toBeCloseTo(120, -0.5);
    for (const field of [
      'model.depth',
      'model.activation',
      'model.norm',
      'model.vocabularySize',
      'tokenizer.vocabularySize',
      'pretrain.learningRate',
      'pretrain.batchSequences',
      'pretrain time',
    ])
      expect(whyOf(plan, field)).toBe('set by you');
    for (const field of ['model.width', 'pretrain.steps', 'model.positions'])
      expect(whyOf(plan, field)).not.toBe('set by you');
  });

  it('keeps steps that are set and forecasts the time that they take', () => {
    const plan = choosePlan(input({}, {}, { steps: 100 }), machine);
    expect(plan.resolved.training.steps).toBe(100);
    expect(plan.forecast.pretrainSeconds).toBeLessThan(20);
  });

  it('cuts the batch, then the depth, to fit the memory', () => {
    const small = { ...machine, memoryBytes: 1e8 };
    const plan = choosePlan(input({ budget: '2h' }), small);
    expect(plan.forecast.memoryBytes).toBeLessThanOrEqual(0.7e8);
    expect(plan.resolved.training.microBatches).toBeGreaterThan(1);
    const set = choosePlan(input({ budget: '2h' }, { depth: 12 }), small);
    expect(set.resolved.model.depth).toBe(12);
    expect(set.risks.join()).toMatch(/more than the .* allowed/);
  });

  it('is deeper for more time, and never plans beyond time or memory', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 30, max: 5000 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 2, max: 900 }),
        (minutes, gflops, gigabytes, megabytes) => {
          const on = { ...machine, memoryBytes: gigabytes * 2 ** 30, gflops: { float32: gflops * 0.7, mixed: gflops } };
          const plan = choosePlan(input({ budget: `${minutes}m` }), on, { dataBytes: megabytes * 1e6 });
          const more = choosePlan(input({ budget: `${minutes * 4}m` }), on, { dataBytes: megabytes * 1e6 });
          const { model, training } = plan.resolved;
          expect(more.forecast.parameters).toBeGreaterThanOrEqual(plan.forecast.parameters);
          expect(plan.forecast.pretrainSeconds).toBeLessThanOrEqual(
            splitBudget(planSection.parse({ budget: `${minutes}m` })).pretrainSeconds * (1 + 1e-9),
          );
          const { totalBytes } = trainingMemory(model, {
            sequences: training.batchSequences,
            sequenceLength: training.sequenceLength,
            optimiser: 'muon',
            precision: 'mixed',
          });
          expect(totalBytes).toBe(plan.forecast.memoryBytes);
          expect(totalBytes).toBeLessThanOrEqual(0.7 * on.memoryBytes);
          expect(training.tokens).toBe(
            training.steps * training.batchSequences * training.microBatches * training.sequenceLength,
          );
          expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
        },
      ),
      { numRuns: 60 },
    ));

  it('shares the width of a feed-forward part out among the experts of a token, and sizes by what a token meets', () => {
    const experts = {
      count: 8,
      active: 2,
      capacityFactor: 0,
      scoring: 'softmax',
      normalise: true,
      balance: 0.01,
      routerZ: 0.001,
    } as const;
    const [dense, mixture] = [{}, { experts }].map((model) => choosePlan(input({ budget: '2h' }, model), machine));
    expect(mixture?.resolved.model.depth).toBe(dense?.resolved.model.depth);
    expect(2 * (mixture?.resolved.model.feedForwardWidth ?? 0)).toBe(dense?.resolved.model.feedForwardWidth);
    expect(mixture?.forecast.parameters).toBeGreaterThan(2 * (dense?.forecast.parameters ?? 0));
    expect(mixture?.reasons).toContainEqual({ field: 'model.experts.count', value: 8, why: 'set by you' });
    expect(planSchema.parse(JSON.parse(JSON.stringify(mixture)))).toEqual(mixture);
  });

  it.each<[string, ModelChoices, PretrainChoices, RegExp]>([
    [
      'heads that do not divide the width',
      { width: 200, heads: 3 },
      {},
      /width 200 does not split into 3 heads: 2 channels are left over.*use 1, 2, 4, 5, 8/s,
    ],
    [
      'key-value heads that do not divide the heads',
      { heads: 6, width: 384, keyValueHeads: 4 },
      {},
      /6 heads cannot share 4/,
    ],
    ['an odd head under rotary positions', { headWidth: 3, heads: 2 }, {}, /rotary positions turn channels in pairs/],
    [
      'a sequence beyond the context',
      { contextLength: 128 },
      { sequenceLength: 256 },
      /longer than the context of 128/,
    ],
    ['a model that the budget cannot train', { depth: 40 }, {}, /pay for \d+ steps/],
  ])('refuses %s', (_, model, pretrain, message) => {
    expect(() => choosePlan(input({ budget: '10s' }, model, pretrain), machine)).toThrow(message);
  });
  it('refuses two sizes of one vocabulary', () =>
    expect(() =>
      choosePlan({ ...input({}, { vocabularySize: 1000 }), tokenizer: { vocabularySize: 2000 } }, machine),
    ).toThrow(/1000 entries and the tokenizer 2000/));

  it('warns of what may go wrong', () => {
    const risks = (plan: unknown, on: Machine, dataBytes?: number) =>
      choosePlan(input(plan), on, { dataBytes }).risks.join('\n');
    expect(risks({}, machine)).toMatch(/estimate/);
    expect(risks({ budget: '5h' }, machine, 2e6)).toMatch(/read \d+\.\d times/);
    expect(risks({}, machine, 5e8)).toMatch(/only \d+ % of the text/);
    expect(risks({}, { ...machine, gflops: { float32: 356, mixed: 173 } }, 5.5e6)).toMatch(/slower than float32/);
    expect(risks({ budget: '1d' }, machine, 5.5e6)).toMatch(/doublings of compute beyond/);
  });
});

describe('plan.md and --explain', () => {
  const plan = choosePlan(
    input({ money: { amount: 5, perHour: 3 }, goal: 'Answer | questions\nabout ships.' }),
    machine,
    { dataBytes: 5_500_000 },
  );
  it('is a page that says what, when, who, how much and why', () => {
    const page = planMarkdown(plan);
    expect(page).toMatch(/^# Plan\n\nAnswer \| questions about ships\./);
    for (const heading of [
      'What to expect',
      'Schedule',
      'Roles',
      'Risks',
      'Sizes, and why',
      'How the forecast is made',
    ])
      expect(page).toContain(`## ${heading}`);
    expect(page).toMatch(/\| pretrain \| learn the language \| (3m 59s|4m 00s) \| modelling \|/);
    expect(page).toMatch(/\| cost \| \d\.\d\d USD \|/);
    expect(page).toMatch(/1\.6\d ± 0\.\d\d/);
    // Every row of a table has as many cells as its head.
    for (const block of page.split('\n\n').filter((text) => text.startsWith('|')))
      expect(new Set(block.split('\n').map((row) => row.replaceAll('\\|', '').split('|').length)).size).toBe(1);
  });
  it('explains every field in a line', () => {
    const lines = explainPlan(plan).trimEnd().split('\n');
    expect(lines).toHaveLength(plan.reasons.length);
    expect(lines.find((line) => line.startsWith('model.depth '))).toMatch(/ 4 {2}parameters grow/);
  });
});

describe('planStep', () => {
  it('writes a plan that is read back, and refuses a damaged one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-plan-'));
    try {
      const step = planStep({ machine: async () => machine, dataBytes: async () => 3_000_000 });
      const outcome = await step.run({
        section: input(),
        folder,
        artifact: () => folder,
        projectFolder: folder,
        cacheFolder: folder,
        emit: () => undefined,
        clock: systemClock,
        signal: new AbortController().signal,
      });
      expect(outcome).toMatchObject({ kind: 'done', summary: { depth: 4 } });
      expect(await readPlan(folder)).toEqual(choosePlan(input(), machine, { dataBytes: 3_000_000 }));
      expect(readFileSync(join(folder, 'plan.md'), 'utf8')).toMatch(/^# Plan/);
      writeFileSync(join(folder, 'plan.json'), '{"version": 1}');
      await expect(readPlan(folder)).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
