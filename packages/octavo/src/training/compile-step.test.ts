/** The memory of a step is known before it runs, and a limit on it is kept without changing a bit. */
import { describe, expect, it } from 'vitest';
import { parseBytes } from '../core/index.js';
import { compileStep } from './compile-step.js';
import { allNumbers, smallModel, smallTrainer, testBackend } from './small-model.test-support.js';

const backend = testBackend(1);
// Long enough that what a step keeps is larger than its weights.
const model = { ...smallModel, depth: 3 };

describe.each([1, 2])('a step of %i micro-batches', (microBatches) => {
  const make = (memoryLimitBytes?: number) =>
    smallTrainer({
      backend,
      model,
      sequences: 16,
      microBatches,
      ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
    });

  it('counts every buffer once', () => {
    const { trainer } = make();
    const { memory } = trainer;
    const bytesOf = (prefix: string) =>
      [...trainer.state].reduce(
        (sum, [name, buffer]) => sum + (name.startsWith(prefix) ? backend.bytes(buffer).length : 0),
        0,
      );
    expect(memory.weightsBytes).toBe(bytesOf('parameter:'));
    expect(memory.optimiserBytes).toBe(bytesOf('first:') + bytesOf('second:') + bytesOf('momentum:'));
    expect(memory.gradientsBytes).toBe(microBatches === 1 ? 0 : memory.weightsBytes);
    // tokens, positions, targets and weights; the rates of both optimisers, step and loss scale; the sum of losses.
    expect(memory.batchBytes).toBe(16 * 32 * 4 * 4 + (3 + 1 + 1 + 1) * 4 + (microBatches === 1 ? 0 : 4));
    const { weightsBytes, optimiserBytes, gradientsBytes, batchBytes, arenaBytes, scratchBytes, totalBytes } = memory;
    expect(totalBytes).toBe(weightsBytes + optimiserBytes + gradientsBytes + batchBytes + arenaBytes + scratchBytes);
  });

  it('keeps a limit, to the same bits, and says what it costs', async () => {
    const free = make();
    const limit = Math.floor(free.trainer.memory.totalBytes - 0.3 * free.trainer.memory.arenaBytes);
    const limited = make(limit);
    expect(limited.trainer.memory.totalBytes).toBeLessThanOrEqual(limit);
    expect(limited.trainer.memory.recomputedFlops).toBeGreaterThan(0);
    expect(free.trainer.memory.recomputedFlops).toBe(0);
    for (let step = 0; step < 2; step++) expect(await limited.step(step)).toEqual(await free.step(step));
    expect(allNumbers(limited)).toEqual(allNumbers(free));
  });

  it('holds one copy of the gradients, whether it applies or collects them', () => {
    // Long before the last gradients are made, all but those of the first blocks are there.
    const { trainer } = make();
    const gradients = trainer.plan?.arena.filter(({ kind, bytes }) => kind === 'matmul' && bytes === 64 * 32 * 4) ?? [];
    expect(gradients.length > 0).toBe(microBatches === 1);
  });

  it('refuses a limit below weights and states', () => {
    const { shape } = make();
    expect(() => compileStep({ backend, precision: 'float32', shape, microBatches, memoryLimitBytes: 1e5 })).toThrow(
      /more than the limit/,
    );
  });
});

it.each([
  ['2GB', 2e9],
  ['512 MiB', 2 ** 29],
  ['1.5kB', 1500],
  ['100 B', 100],
  ['2', undefined],
  ['GB', undefined],
  ['-1GB', undefined],
])('reads %s', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});
