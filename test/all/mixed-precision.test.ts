// Mixed precision against float32: the same model on the same real text, byte by byte, for 1,000 steps.
import { chooseIsa, loadAddon, nativeBackend, type Precision } from '@octavo/engine';
import { expect, it } from 'vitest';
import { defaultOptimiser, windowBatches } from '../../packages/octavo/src/training/index.js';
import { rateAt } from '../../packages/octavo/src/training/schedule.js';
import { createTrainer } from '../../packages/octavo/src/training/trainer.js';
import { mobyDick } from './support/moby-dick.js';

const steps = 1000;

async function lossAfter(text: Uint8Array, precision: Precision, form: 'widened' | 'dot'): Promise<number> {
  const model = {
    vocabularySize: 256,
    contextLength: 64,
    depth: 3,
    width: 96,
    heads: 3,
    keyValueHeads: 3,
    headWidth: 32,
    feedForwardWidth: 288,
    positions: 'rotary',
    rotaryBase: 10000,
    norm: 'rms',
    normEpsilon: 1e-5,
    activation: 'relu-squared',
    biases: false,
    tiedEmbeddings: true,
    queryKeyNorm: true,
    outputBias: false,
    dropout: 0,
  } as const;
  const optimiser = defaultOptimiser;
  const shape = { model, optimiser, sequences: 8, length: 64, clip: 1, clipValue: 0, seed: 1, packed: false };
  const trainer = createTrainer({
    backend: nativeBackend({ threads: 2, isa: chooseIsa(undefined), form }),
    precision,
    shape,
    microBatches: 1,
  });
  const batchAt = windowBatches(text, { sequences: 8, length: 64, seed: 1, microBatches: 1 });
  const schedule = { kind: 'linear', warmupSteps: 20, totalSteps: steps, floor: 0, decayShare: 0 } as const;
  let last = 0;
  for (let step = 0; step < steps; step++) {
    const share = rateAt(step, schedule);
    const { loss } = await trainer.step([batchAt(step)], {
      step,
      learningRate: 0.006 * share,
      matrixRate: 0.015 * share,
      lossScale: 1,
    });
    if (step >= steps - 100) last += loss / 100;
  }
  return last;
}

it('ends within 1 % of float32', async ({ skip }) => {
  const texts = await mobyDick();
  if (texts === undefined) return skip();
  const exact = await lossAfter(texts.train, 'float32', 'widened');
  expect(exact).toBeLessThan(2.2);
  const forms = (['widened', 'dot'] as const).filter((form) => loadAddon().forms.includes(form));
  for (const form of forms) {
    const mixed = await lossAfter(texts.train, 'bfloat16', form);
    console.info(`loss after ${steps} steps: float32 ${exact.toFixed(4)}, bfloat16 ${form} ${mixed.toFixed(4)}`);
    expect(Math.abs(mixed / exact - 1), form).toBeLessThan(0.01);
  }
});
