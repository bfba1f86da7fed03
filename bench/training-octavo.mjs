/** Octavo's side of the training race: one step of each model, over random numbers. */
import { bertLoss, recurrentLoss, textCnnLoss } from '../packages/octavo/dist/models/index.js';
import { backendFor, createModelTrainer, defaultOptimiser } from '../packages/octavo/dist/training/index.js';
import { createTrainer } from '../packages/octavo/dist/training/trainer.js';
import { bertOf, cnnOf, lstmOf, modelOf, parametersOf } from './training-shapes.mjs';

const random = () => {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};
const filled = (size, value) => Int32Array.from({ length: size }, (_, i) => value(i));
const evenly = (size) => new Float32Array(size).fill(1 / size);
const integers = (...shape) => ({ dtype: 'int32', shape });
const floats = (...shape) => ({ dtype: 'float32', shape });

const sequenceBatch = ({ batch, context, vocabulary }) => {
  const below = random();
  const size = batch * context;
  return {
    tokens: filled(size, () => below(vocabulary)),
    targets: filled(size, () => below(vocabulary)),
    positions: filled(size, (place) => place % context),
    weights: evenly(size),
  };
};

const optimiser = { ...defaultOptimiser, kind: 'adamw', beta2: 0.99, weightDecay: 0.1 };

/** The trainer of `octavo train` for a GPT's shape, and the rates of its steps. */
export const gptTrainer = (shape, { facts, threads, precision }) => {
  const { batch: sequences, context: length } = shape;
  const step = { model: modelOf(shape), optimiser, sequences, length, clip: 1, clipValue: 0, seed: 1, packed: false };
  const trainer = createTrainer({ backend: backendFor(facts, threads), precision, shape: step, microBatches: 1 });
  const lossScale = precision === 'float16' ? 2 ** 10 : 1;
  return { trainer, rates: (done) => ({ step: done, learningRate: 1e-3, matrixRate: 0, lossScale }) };
};

/** A step that was not applied is an error, so that no figure comes from skipped work. */
const gpt = (shape, options) => {
  const { trainer, rates } = gptTrainer(shape, options);
  const batch = sequenceBatch(shape);
  let done = 0;
  return {
    memory: trainer.memory,
    step: async () => {
      const { loss, applied } = await trainer.step([batch], rates(done));
      if (!applied || !Number.isFinite(loss)) throw new Error(`step ${done} was not applied (loss ${loss})`);
      done++;
    },
  };
};

const bert = (shape) => {
  const { batch, context, vocabulary, masked } = shape;
  const below = random();
  return {
    inputs: {
      tokens: integers(batch, context),
      positions: integers(batch, context),
      segments: integers(batch, context),
      masked: integers(masked),
      targets: integers(masked),
      weights: floats(masked),
    },
    loss: (parameters, inputs) => bertLoss(bertOf(shape), parameters, inputs).loss,
    batch: {
      tokens: filled(batch * context, () => below(vocabulary)),
      positions: filled(batch * context, (place) => place % context),
      segments: new Int32Array(batch * context),
      masked: filled(masked, (i) => Math.floor((i * batch * context) / masked)),
      targets: filled(masked, () => below(vocabulary)),
      weights: evenly(masked),
    },
  };
};

const cnn = (shape) => {
  const { batch, context, vocabulary, classes } = shape;
  const below = random();
  return {
    inputs: {
      tokens: integers(batch, context),
      lengths: integers(batch),
      targets: integers(batch),
      weights: floats(batch),
    },
    loss: (parameters, inputs) => textCnnLoss(cnnOf(shape), parameters, inputs).loss,
    batch: {
      tokens: filled(batch * context, () => below(vocabulary)),
      lengths: new Int32Array(batch).fill(context),
      targets: filled(batch, () => below(classes)),
      weights: evenly(batch),
    },
  };
};

const lstm = (shape) => {
  const { batch, context } = shape;
  const { tokens, targets, weights } = sequenceBatch(shape);
  return {
    inputs: { tokens: integers(batch, context), targets: integers(batch * context), weights: floats(batch * context) },
    loss: (parameters, inputs) => recurrentLoss(lstmOf(shape), parameters, inputs).loss,
    batch: { tokens, targets, weights },
  };
};

const functions = { bert, lstm, cnn };

/** Any other model: `createModelTrainer`, with the same clipping and AdamW. */
const modelFunction = (shape, { facts, threads, precision }) => {
  const { inputs, loss, batch } = functions[shape.family](shape);
  const parameters = parametersOf(shape);
  const trainer = createModelTrainer({
    backend: backendFor(facts, threads),
    parameters,
    seed: 1,
    inputs,
    loss,
    precision,
  });
  const { arenaBytes, scratchBytes, inputBytes } = trainer.executable.memory;
  let done = 0;
  return {
    memory: { totalBytes: arenaBytes + scratchBytes + inputBytes, arenaBytes, scratchBytes },
    step: async () => {
      const value = await trainer.step(batch, { step: done, learningRate: 1e-3 });
      if (!Number.isFinite(value)) throw new Error(`the loss of step ${done} is ${value}`);
      done++;
    },
  };
};

/** { memory, step } of a shape: `memory` is what the plan says before anything runs. */
export const octavoTrainer = (shape, options) =>
  shape.family in functions ? modelFunction(shape, options) : gpt(shape, options);
