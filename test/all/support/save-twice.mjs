// Saves a checkpoint of a tiny model as step 1, trains a step, saves step 2; exit code and error as the command line has them.
import { chooseIsa, nativeBackend } from '@octavo/engine';
import { exitCodeOf } from '../../../packages/octavo/dist/core/index.js';
import { saveCheckpoint } from '../../../packages/octavo/dist/training/checkpoint.js';
import { defaultOptimiser } from '../../../packages/octavo/dist/training/index.js';
import { createTrainer } from '../../../packages/octavo/dist/training/trainer.js';

const model = {
  vocabularySize: 64,
  contextLength: 16,
  depth: 1,
  width: 16,
  heads: 1,
  keyValueHeads: 1,
  headWidth: 16,
  feedForwardWidth: 32,
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
};
const optimiser = { ...defaultOptimiser, kind: 'adamw' };
const backend = nativeBackend({ threads: 1, isa: chooseIsa(undefined), form: 'widened' });
const shape = { model, optimiser, sequences: 1, length: 16, clip: 1, clipValue: 0, seed: 1, packed: false };
const { state } = createTrainer({ backend, precision: 'float32', shape, microBatches: 1 });
const head = (step) => ({ step, model, tokenizerHash: '', lossScale: 1, skipped: 0, recipe: {} });
try {
  for (const step of [1, 2]) await saveCheckpoint(process.argv[2], { head: head(step), state, backend, keep: 2 });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodeOf(error);
}
