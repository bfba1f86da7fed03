import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newestCheckpoint, openCheckpoint, restoreState, saveCheckpoint } from './checkpoint.js';
import { allNumbers, smallModel, smallTrainer } from './small-model.test-support.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const head = (step: number) => ({
  step,
  model: smallModel,
  tokenizerHash: 'none',
  lossScale: 1,
  skipped: 0,
  recipe: {},
});

describe('a checkpoint', () => {
  it('goes on to the same bits as an undisturbed run', async () => {
    const whole = smallTrainer();
    for (let step = 0; step < 6; step++) await whole.step(step);
    const first = smallTrainer();
    for (let step = 0; step < 3; step++) await first.step(step);
    await saveCheckpoint(folder, { head: head(3), state: first.trainer.state, backend: first.backend, keep: 2 });
    const second = smallTrainer();
    const { checkpoint } = newestCheckpoint(folder);
    if (checkpoint === undefined) throw new Error('it was saved');
    restoreState(checkpoint, second.trainer.state, second.backend);
    for (let step = 3; step < 6; step++) await second.step(step);
    expect(allNumbers(second)).toEqual(allNumbers(whole));
  });

  it('is refused after a flipped bit, and the one before it is used', async () => {
    const the = smallTrainer();
    for (const step of [1, 2])
      await saveCheckpoint(folder, { head: head(step), state: the.trainer.state, backend: the.backend, keep: 2 });
    const path = join(folder, 'step-000002', 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(() => openCheckpoint(join(folder, 'step-000002'))).toThrow(
      'model.safetensors is not what was saved: its SHA-256 differs [CHECKPOINT_CORRUPT]',
    );
    const { checkpoint, skipped } = newestCheckpoint(folder);
    expect(checkpoint?.manifest.step).toBe(1);
    expect(skipped).toHaveLength(1);
  });

  it('keeps the newest and leaves no half-written folder', async () => {
    const the = smallTrainer();
    for (const step of [1, 2, 3])
      await saveCheckpoint(folder, { head: head(step), state: the.trainer.state, backend: the.backend, keep: 2 });
    expect(readdirSync(folder).toSorted()).toEqual(['step-000002', 'step-000003']);
  });
});
