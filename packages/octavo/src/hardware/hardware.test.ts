import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.js';
import type { Machine } from './machine.js';
import { keyValueCacheBytes, trainingMemory } from './memory.js';
import { hardwareSection } from './section.js';
import { type ModelShape, parametersOf } from './shape.js';
import { sizeOf, sizeStep } from './step.js';
import { affordableFlops, decodingBound, flopsUtilisation, trainingSeconds } from './time.js';

const machine: Machine = {
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  gflops: { float32: 350, mixed: 480 },
  gigabytesPerSecond: 20,
  isa: 'avx512',
  mixedForm: 'half',
};
const model: ModelShape = {
  vocabularySize: 4096,
  contextLength: 256,
  depth: 4,
  width: 192,
  heads: 3,
  keyValueHeads: 3,
  headWidth: 64,
  feedForwardWidth: 576,
  positions: 'rotary',
  rotaryBase: 10_000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'relu-squared',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: true,
  outputBias: true,
  dropout: 0,
};
const wide = (depth: number, width: number, rest: Partial<ModelShape>): ModelShape => ({
  ...model,
  depth,
  width,
  heads: width / 64,
  keyValueHeads: width / 64,
  ...rest,
});

const experts = {
  count: 8,
  active: 2,
  capacityFactor: 0,
  scoring: 'softmax',
  normalise: true,
  balance: 0.01,
  routerZ: 0.001,
} as const;

describe('trainingMemory', () => {
  // What the engine's planner needs: arena and buffers, as it printed for these graphs.
  it.each<[string, ModelShape, Parameters<typeof trainingMemory>[1], number]>([
    [
      '4 layers, 192 wide',
      model,
      { sequences: 8, sequenceLength: 256, optimiser: 'muon', precision: 'mixed' },
      64_217_920 + 21_336_340,
    ],
    [
      'a double batch',
      model,
      { sequences: 16, sequenceLength: 256, optimiser: 'muon', precision: 'mixed' },
      122_323_776 + 21_369_108,
    ],
    [
      'float32',
      model,
      { sequences: 16, sequenceLength: 256, optimiser: 'muon', precision: 'float32' },
      231_473_984 + 21_369_108,
    ],
    [
      '8 layers',
      wide(8, 192, {}),
      { sequences: 8, sequenceLength: 256, optimiser: 'muon', precision: 'float32' },
      224_658_240 + 33_151_252,
    ],
    [
      '384 wide',
      wide(4, 384, { feedForwardWidth: 1152 }),
      { sequences: 8, sequenceLength: 256, optimiser: 'muon', precision: 'mixed' },
      135_480_896 + 66_183_700,
    ],
    [
      'nanoGPT’s 10.7M',
      wide(6, 384, { feedForwardWidth: 1536, activation: 'gelu' }),
      { sequences: 64, sequenceLength: 256, optimiser: 'adamw', precision: 'mixed' },
      1_533_429_312 + 146_647_572,
    ],
    [
      'SwiGLU',
      wide(8, 512, { vocabularySize: 8192, feedForwardWidth: 1365, activation: 'swiglu' }),
      { sequences: 8, sequenceLength: 512, optimiser: 'muon', precision: 'float32' },
      1_514_948_672 + 251_893_780,
    ],
    [
      'two of eight experts',
      wide(4, 192, { feedForwardWidth: 288, experts }),
      { sequences: 8, sequenceLength: 256, optimiser: 'muon', precision: 'mixed' },
      149_198_168,
    ],
    [
      'two of eight experts with a gate, float32',
      wide(4, 192, { feedForwardWidth: 288, activation: 'swiglu', experts }),
      { sequences: 16, sequenceLength: 256, optimiser: 'adamw', precision: 'float32' },
      462_931_284,
    ],
  ])('is within 12 %% of the planner: %s', (_, shape, training, bytes) => {
    const { totalBytes } = trainingMemory(shape, training);
    expect(totalBytes / bytes).toBeGreaterThan(0.9);
    expect(totalBytes / bytes).toBeLessThan(1.12);
  });
  it('counts weights and optimiser exactly: 12 bytes a parameter under AdamW, 8 for a matrix under Muon', () => {
    const training = { sequences: 8, sequenceLength: 256, precision: 'mixed' } as const;
    const n = parametersOf(model);
    const adamw = trainingMemory(model, { ...training, optimiser: 'adamw' });
    expect(adamw.weightsBytes + adamw.optimiserBytes).toBe(12 * n);
    const muon = trainingMemory(model, { ...training, optimiser: 'muon' });
    expect(adamw.optimiserBytes - muon.optimiserBytes).toBe(4 * 4 * (4 * 192 * 192 + 2 * 192 * 576));
  });
});

describe('keyValueCacheBytes', () => {
  it('is 2 GiB for Llama 2 7B at 4096, 1 GiB for Llama 3 8B at 8192, 819,200 bytes a token for OPT-13B', () => {
    expect(
      keyValueCacheBytes({ depth: 32, keyValueHeads: 32, headWidth: 128 }, { sequenceLength: 4096, bytesPerValue: 2 }),
    ).toBe(2 * 2 ** 30);
    expect(
      keyValueCacheBytes({ depth: 32, keyValueHeads: 8, headWidth: 128 }, { sequenceLength: 8192, bytesPerValue: 2 }),
    ).toBe(2 ** 30);
    expect(
      keyValueCacheBytes({ depth: 40, keyValueHeads: 40, headWidth: 128 }, { sequenceLength: 1, bytesPerValue: 2 }),
    ).toBe(819_200);
  });
});

describe('time', () => {
  // PaLM and MT-NLG: arXiv 2204.02311, §4.1 and table 3.
  const attention = (L: number, h: number, e: number, s: number) => 12 * L * h * e * s;
  it('is 46.2 % of the peak for PaLM, 45.7 % without attention', () => {
    const palm = (flopsPerToken: number) =>
      flopsUtilisation({ flopsPerToken, tokensPerSecond: 238.3e3, peakFlopsPerSecond: 6144 * 275e12 });
    expect(palm(6 * 540.35e9 + attention(118, 48, 256, 2048))).toBeCloseTo(0.462, 3);
    expect(palm(6 * 540.35e9)).toBeCloseTo(0.457, 3);
  });
  it('is 30.2 to 30.3 % for MT-NLG, 29.7 to 29.8 without attention', () => {
    const mtNlg = (flopsPerToken: number) =>
      flopsUtilisation({ flopsPerToken, tokensPerSecond: 65.43e3, peakFlopsPerSecond: 2240 * 312e12 });
    expect(Math.abs(mtNlg(6 * 530e9 + attention(105, 128, 160, 2048)) - 0.3025)).toBeLessThan(1e-3);
    expect(Math.abs(mtNlg(6 * 530e9) - 0.2975)).toBeLessThan(1e-3);
  });
  it('turns operations into seconds and back', () => {
    const setting = { machine, precision: 'mixed', efficiency: 0.5 } as const;
    expect(trainingSeconds(6e13, setting)).toBeCloseTo(250, 9);
    expect(affordableFlops(trainingSeconds(6e13, setting), setting)).toBeCloseTo(6e13, -2);
    expect(decodingBound(4e8, machine)).toBe(50);
  });
});

describe('sizeStep', () => {
  const training = {
    batchSequences: 8,
    microBatches: 1,
    sequenceLength: 256,
    steps: 2000,
    optimiser: 'muon',
    precision: 'mixed',
  } as const;
  const run = async (plan: unknown, section: unknown = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-size-'));
    mkdirSync(join(folder, 'plan'));
    writeFileSync(join(folder, 'plan/plan.json'), JSON.stringify(plan));
    try {
      const outcome = await sizeStep({
        memoryOf: async ({ model, training: { batchSequences: sequences, ...rest } }) =>
          trainingMemory(model, { sequences, ...rest }),
      }).run({
        section: hardwareSection.parse(section),
        folder,
        artifact: (step) => join(folder, step),
        projectFolder: folder,
        cacheFolder: folder,
        emit: () => undefined,
        clock: systemClock,
        signal: new AbortController().signal,
      });
      return { outcome, size: JSON.parse(readFileSync(join(folder, 'size.json'), 'utf8')) as unknown };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  it('writes what the plan takes', async () => {
    const plan = { machine, resolved: { model, training }, more: true };
    const { outcome, size } = await run(plan);
    expect(outcome).toMatchObject({ kind: 'done', summary: { parameters: 2_266_816 } });
    expect(size).toMatchObject({ tokens: 4_096_000, memory: { fits: true } });
    const { flops, pretrainSeconds } = sizeOf(plan, hardwareSection.parse({}));
    expect(flops.total).toBe(flops.perStep * 2000);
    expect(pretrainSeconds).toBeCloseTo(flops.total / (480e9 * 0.65), 6);
  });
  it('refuses a model that the memory cannot hold, and a plan that is none', async () => {
    const plan = { machine: { ...machine, memoryBytes: 1e8 }, resolved: { model, training } };
    await expect(run(plan)).rejects.toMatchObject({ code: 'MEMORY_TOO_SMALL' });
    await expect(run({ machine })).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  });
});
