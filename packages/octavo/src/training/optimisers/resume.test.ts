/** Every optimiser goes on from a checkpoint as if it had never stopped, to the bit, and trains a small model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { optimiserKinds } from '../../core/index.js';
import { openSafetensors } from '../../formats/index.js';
import { openCheckpoint, restoreState, saveCheckpoint, weightsOf } from '../checkpoint.js';
import { allNumbers, smallTrainer, testBackend } from '../small-model.test-support.js';
import { streamLoss } from '../validate.js';
import type { OptimiserConfig } from './groups.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-resume-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backend = testBackend(1);
const trainer = (optimiser: Partial<OptimiserConfig>) => smallTrainer({ backend, optimiser });
const save = (the: ReturnType<typeof trainer>, name: string, step: number) =>
  saveCheckpoint(join(folder, name), {
    head: { step, model: the.shape.model, tokenizerHash: '', lossScale: 1, skipped: 0, recipe: {} },
    state: the.trainer.state,
    backend,
    keep: 1,
  });

const plain = optimiserKinds.map((kind): readonly [string, Partial<OptimiserConfig>] => [kind, { kind }]);
const cases: readonly (readonly [string, Partial<OptimiserConfig>])[] = [
  ...plain,
  ...(['adamw', 'adam', 'sgd', 'lion'] as const).map(
    (kind) => [`${kind} with states in bfloat16`, { kind, states: 'bfloat16' }] as const,
  ),
  ['Nesterov’s SGD', { kind: 'sgd', nesterov: true }],
  ['SGD without momentum', { kind: 'sgd', momentum: 0 }],
  ['groups and an average', { average: 0.9, groups: [{ parameters: 'blocks.1.*', optimiser: 'lion', rate: 0.1 }] }],
];

describe('a resumed run', () => {
  it.each(cases)('has the bits of one that never stopped: %s', async (name, optimiser) => {
    const whole = trainer(optimiser);
    for (let step = 0; step < 4; step++) await whole.step(step);
    const first = trainer(optimiser);
    for (let step = 0; step < 2; step++) await first.step(step);
    const { path } = await save(first, name, 2);
    const second = trainer(optimiser);
    restoreState(openCheckpoint(path), second.trainer.state, backend);
    for (let step = 2; step < 4; step++) await second.step(step);
    expect(allNumbers(second)).toEqual(allNumbers(whole));
  });
});

describe('the average of weights', () => {
  it('is evaluated and saved apart, as weights are', async () => {
    const the = trainer({ average: 0.5 });
    for (let step = 0; step < 20; step++) await the.step(step);
    const stream = Uint16Array.from({ length: 300 }, (_, i) => (i * i + 3 * Math.floor(i / 7)) % 64);
    const trained = await streamLoss(the.trainer, stream);
    const averaged = await streamLoss(the.trainer, stream, { weights: 'average' });
    expect(averaged.nats).not.toBe(trained.nats);
    expect(Math.abs(averaged.nats / trained.nats - 1)).toBeLessThan(0.2);
    const checkpoint = openCheckpoint((await save(the, 'average', 20)).path);
    const file = openSafetensors(weightsOf(checkpoint, 'average'));
    const model = openSafetensors(weightsOf(checkpoint));
    expect([...file.tensors.keys()]).toEqual([...model.tensors.keys()]);
    const path = 'blocks.0.feedForward.up.weight';
    const kept = the.trainer.state.get(`average:${path}`);
    expect(kept === undefined ? undefined : Buffer.from(backend.bytes(kept)).equals(Buffer.from(file.read(path)))).toBe(
      true,
    );
    file.close();
    model.close();
  });
  it('is not there where none was kept', async () => {
    const the = trainer({});
    const checkpoint = openCheckpoint((await save(the, 'without', 0)).path);
    expect(() => weightsOf(checkpoint, 'average')).toThrow(/without a moving average/);
  });
});

it('a group of rate 0 stays as it is', async () => {
  const the = trainer({ weightDecay: 0.1, groups: [{ parameters: 'embedding.*', rate: 0 }] });
  const buffer = the.trainer.state.get('parameter:embedding.token');
  if (buffer === undefined) throw new Error('the model has an embedding');
  const before = backend.read(buffer);
  await the.step(0);
  expect(backend.read(buffer)).toEqual(before);
});
