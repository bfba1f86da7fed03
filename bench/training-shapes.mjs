/** The models of the training race: their sizes, and what a step of each takes. */
import {
  bertParameters,
  countParameters,
  gptParameters,
  recurrentParameters,
  textCnnParameters,
} from '../packages/octavo/dist/models/index.js';

/** By size: nanoGPT's two settings, GPT-2 as published, a Llama of 52M parameters, an encoder, a recurrent language model, a text CNN. */
export const trainingShapes = {
  small: {
    family: 'nanogpt',
    layers: 4,
    heads: 4,
    width: 128,
    feedForward: 512,
    context: 64,
    batch: 12,
    vocabulary: 65,
  },
  large: {
    family: 'nanogpt',
    layers: 6,
    heads: 6,
    width: 384,
    feedForward: 1536,
    context: 256,
    batch: 64,
    vocabulary: 65,
  },
  gpt2: {
    family: 'gpt2',
    layers: 12,
    heads: 12,
    width: 768,
    feedForward: 3072,
    context: 512,
    batch: 4,
    vocabulary: 50257,
  },
  llama: {
    family: 'llama',
    layers: 6,
    heads: 8,
    width: 512,
    feedForward: 1408,
    context: 512,
    batch: 8,
    vocabulary: 32000,
  },
  // Masked: 15 % of the positions, as Devlin et al. 2018 have it.
  bert: {
    family: 'bert',
    layers: 6,
    heads: 6,
    width: 384,
    feedForward: 1536,
    context: 128,
    batch: 32,
    vocabulary: 30522,
    masked: 614,
  },
  lstm: { family: 'lstm', layers: 2, width: 512, hidden: 512, context: 128, batch: 32, vocabulary: 10000 },
  // Kim 2014: words of 300 numbers, 100 filters each of 3, 4 and 5 words, two classes.
  cnn: { family: 'cnn', width: 300, filters: 100, classes: 2, context: 128, batch: 64, vocabulary: 20000 },
};

export const filterWidths = [3, 4, 5];

/** The model of a GPT's shape, as our own configuration has it; torch_models.py builds the same. */
export const modelOf = ({ family, layers, heads, width, feedForward, context, vocabulary }) => ({
  vocabularySize: vocabulary,
  contextLength: context,
  depth: layers,
  width,
  heads,
  keyValueHeads: heads,
  headWidth: width / heads,
  feedForwardWidth: feedForward,
  positions: family === 'llama' ? 'rotary' : 'learned',
  rotaryBase: 10000,
  norm: family === 'llama' ? 'rms' : 'layer',
  normEpsilon: 1e-5,
  activation: { nanogpt: 'gelu', gpt2: 'gelu-tanh', llama: 'swiglu' }[family],
  biases: family === 'gpt2',
  tiedEmbeddings: family !== 'llama',
  queryKeyNorm: false,
  outputBias: false,
  dropout: 0,
});

export const bertOf = ({ layers, heads, width, feedForward, context, vocabulary }) => ({
  vocabularySize: vocabulary,
  contextLength: context,
  segments: 2,
  depth: layers,
  width,
  heads,
  feedForwardWidth: feedForward,
  normEpsilon: 1e-5,
});

export const cnnOf = ({ width, filters, classes, vocabulary }) => ({
  vocabularySize: vocabulary,
  width,
  filterWidths,
  filters,
  classes,
  dropout: 0,
});

export const lstmOf = ({ layers, width, hidden, vocabulary }) => ({
  kind: 'lstm',
  vocabularySize: vocabulary,
  width,
  hidden,
  layers,
  tiedEmbeddings: false,
  dropout: 0,
});

const gptFlop = (shape) => {
  const { layers, width, context, batch } = shape;
  const model = modelOf(shape);
  const looked = model.positions === 'learned' ? context * width : 0;
  const parameters = countParameters(model).total - looked - (model.tiedEmbeddings ? 0 : model.vocabularySize * width);
  return (6 * parameters + 12 * layers * width * context) * batch * context;
};

const bertFlop = ({ layers, width, feedForward, context, batch, vocabulary, masked }) => {
  const block = 4 * width ** 2 + 2 * width * feedForward + 2 * width * context;
  return 6 * (layers * block * batch * context + (width ** 2 + width * vocabulary) * masked);
};

const lstmFlop = ({ layers, width, hidden, context, batch, vocabulary }) => {
  const gates = 4 * hidden * (width + hidden + (layers - 1) * 2 * hidden);
  return 6 * (gates + vocabulary * hidden) * batch * context;
};

/** As if every window had a gradient: a program that follows the strongest alone does a third of it. */
const cnnFlop = ({ width, filters, classes, context, batch }) => {
  const windows = filterWidths.reduce((total, taps) => total + taps * width * filters * context, 0);
  return 6 * batch * (windows + filterWidths.length * filters * classes);
};

/** Floating-point operations of a training step's products: (6N + 12·L·D·T) a token for a GPT, N without positions and without a table that is only looked up. */
export const flopOf = (shape) =>
  ({ bert: bertFlop, lstm: lstmFlop, cnn: cnnFlop })[shape.family]?.(shape) ?? gptFlop(shape);

export const parametersOf = (shape) => {
  if (shape.family === 'bert') return bertParameters(bertOf(shape));
  if (shape.family === 'lstm') return recurrentParameters(lstmOf(shape));
  if (shape.family === 'cnn') return textCnnParameters(cnnOf(shape));
  return gptParameters(modelOf(shape));
};

export const parameterCountOf = (shape) =>
  parametersOf(shape).reduce((total, spec) => total + spec.shape.reduce((a, b) => a * b, 1), 0);
