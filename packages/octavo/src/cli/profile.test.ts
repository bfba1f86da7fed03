/** octavo profile, on a model small enough to run in a moment: every instruction is there once, and times add up. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chromeTrace, gaps, grouped, partOf } from '../pipeline/index.js';
import { runCommandLine } from './program.js';
import { surroundings } from './surroundings.test-support.js';

const project = mkdtempSync(join(tmpdir(), 'octavo-profile-'));
writeFileSync(join(project, 'octavo.yaml'), 'model:\n  depth: 2\n  width: 64\n');
afterAll(() => rmSync(project, { recursive: true, force: true }));

const octavo = async (...argv: readonly string[]) => {
  const around = surroundings(project);
  const code = await runCommandLine(['profile', ...argv], around);
  return { code, out: around.printed(), err: around.said() };
};
const small = ['--sequences', '2', '--length', '16', '--steps', '2'];

const work = { flops: 2e6, bytes: 1e3, half: false, kernel: 'linear', shapes: '2×2 → 2' };
const instructions = [
  { ...work, path: 'blocks.0.attention', ms: 2, rooflineMs: 1 },
  { ...work, path: 'blocks.0.feedForward', ms: 5, rooflineMs: 1, shapes: '9×9 → 9' },
  { ...work, path: 'blocks.1.attention', ms: 2, rooflineMs: 1 },
  { ...work, path: '', ms: 1, rooflineMs: 1, kernel: 'adamw', flops: 0 },
];

describe('what a profile says', () => {
  it('adds up by part of the model, the longest first', () =>
    expect(grouped({ instructions }, partOf).map(({ name, count, ms }) => [name, count, ms])).toEqual([
      ['blocks.*.feedForward', 1, 5],
      ['blocks.*.attention', 2, 4],
      ['update and casts', 1, 1],
    ]));
  it('puts what is furthest above the roofline first', () =>
    expect(gaps({ instructions }).map(({ name }) => name)).toEqual([
      'linear  9×9 → 9',
      'linear  2×2 → 2',
      'adamw  2×2 → 2',
    ]));
  it('nests instructions in the parts that made them, one after the other', () => {
    const { traceEvents } = JSON.parse(JSON.stringify(chromeTrace({ instructions })));
    const spans = traceEvents.map(({ name, ts, dur }: Record<string, unknown>) => [name, ts, dur]);
    expect(spans).toEqual([
      ['linear', 0, 2000],
      ['attention', 0, 2000],
      ['linear', 2000, 5000],
      ['blocks.0', 0, 7000],
      ['feedForward', 2000, 5000],
      ['linear', 7000, 2000],
      ['blocks.1', 7000, 2000],
      ['attention', 7000, 2000],
      ['adamw', 9000, 1000],
      ['update', 9000, 1000],
    ]);
  });
});

describe('octavo profile', () => {
  it('times a training step and says where the time goes', async () => {
    const { code, out, err } = await octavo(...small, '--trace', 'step.json');
    expect(code, err).toBe(0);
    expect(out).toMatch(/ms a step.* in \d+ instructions; \d+ GFLOP\/s in all/);
    expect(out).toMatch(/\nkernel +ms +share +GFLOP\/s +GB\/s +of roofline\n/);
    expect(out).toMatch(/crossEntropyTraining +1×/);
    expect(out).toMatch(/gradient\.blocks\.\*\.attention/);
    expect(out).toMatch(/furthest above the roofline[^\n]*\n1\. /);
    const { traceEvents } = JSON.parse(readFileSync(join(project, 'step.json'), 'utf8'));
    expect(traceEvents.some(({ name }: { name: string }) => name === 'blocks.1')).toBe(true);
  });

  it.each(['training', 'forward', 'decode'])(
    'as JSON, of a %s step: the counts of its arithmetic are right',
    async (kind) => {
      const { code, out, err } = await octavo(...small, '--kind', kind, '--precision', 'float32', '--json');
      expect(code, err).toBe(0);
      const { kernels, instructions: all, stepMs } = JSON.parse(out);
      const sum = (list: readonly { readonly ms: number }[]) => list.reduce((total, { ms }) => total + ms, 0);
      expect(sum(kernels)).toBeCloseTo(sum(all), 6);
      expect(stepMs).toBeGreaterThan(0);
      const linear = kernels.find(({ name }: { name: string }) => name === 'linear');
      const tokens = kind === 'decode' ? 2 : 32;
      // Four projections of each of two blocks: 64 → 192, 64 → 64, 64 → 192, 192 → 64; the head of a forward pass besides.
      const head = kind === 'forward' ? 2 * tokens * 64 * 4096 : 0;
      expect(linear.flops).toBe(2 * 2 * tokens * 64 * (192 + 64 + 192 + 192) + head);
    },
  );

  it.each([
    [['--length', '4096'], 'more than the context'],
    [['--steps', '0'], '--steps'],
    [['--preset', 'gpt5'], 'did you mean'],
    [['--kind', 'backward'], '--kind'],
  ])('%j says what is wrong', async (argv, says) => {
    const { code, err } = await octavo(...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(says)]);
  });
});
