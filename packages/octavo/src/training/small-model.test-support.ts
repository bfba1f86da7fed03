import { type Backend, chooseIsa, nativeBackend, type Precision } from '@octavo/engine';
import type { GptConfig } from '../models/index.js';
import { windowBatches } from './batches.js';
import { defaultOptimiser, type OptimiserConfig } from './optimisers/index.js';
import { createTrainer } from './trainer.js';

export const smallModel: GptConfig = {
  vocabularySize: 64,
  contextLength: 32,
  depth: 2,
  width: 32,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 16,
  feedForwardWidth: 64,
  positions: 'rotary',
  rotaryBase: 10000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'relu-squared',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: true,
  outputBias: false,
  dropout: 0.1,
};

/** Text-like tokens: each depends on the one before. */
export const smallStream = Uint16Array.from({ length: 4000 }, (_, i) => (i * i + 3 * Math.floor(i / 7)) % 64);

export const testBackend = (threads = 2): Backend =>
  nativeBackend({ threads, isa: chooseIsa(undefined), form: 'widened' });

export function smallTrainer({
  microBatches = 1,
  sequences = 4,
  precision = 'float32',
  backend = testBackend(),
  model = smallModel,
  optimiser = {},
  memoryLimitBytes,
}: {
  readonly microBatches?: number;
  readonly sequences?: number;
  readonly precision?: Precision;
  readonly backend?: Backend;
  readonly model?: GptConfig;
  readonly optimiser?: Partial<OptimiserConfig>;
  readonly memoryLimitBytes?: number;
} = {}) {
  const shape = {
    model,
    optimiser: { ...defaultOptimiser, weightDecay: 0.01, ...optimiser },
    sequences,
    length: 32,
    clip: 1,
    clipValue: 0,
    seed: 5,
    packed: false,
  };
  const trainer = createTrainer({ backend, precision, shape, microBatches, memoryLimitBytes });
  const batchAt = windowBatches(smallStream, { sequences, length: 32, seed: 5, microBatches });
  const step = (number: number, loss = { lossScale: 1 }) =>
    trainer.step(
      Array.from({ length: microBatches }, (_, micro) => batchAt(number * microBatches + micro)),
      { step: number, learningRate: 0.003, matrixRate: 0.01, ...loss },
    );
  return { trainer, batchAt, step, backend, shape };
}

/** All parameters and states as numbers, in a fixed order. */
export const allNumbers = ({
  trainer,
  backend,
}: Pick<ReturnType<typeof smallTrainer>, 'trainer' | 'backend'>): readonly number[] =>
  [...trainer.state].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, buffer]) => [...backend.read(buffer)]);
