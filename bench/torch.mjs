/** PyTorch as contestants of the training race, one a mode: float32 and bf16 autocast, eager and compiled. */
import { fileURLToPath } from 'node:url';
import { countParameters } from '../packages/octavo/dist/models/index.js';
import { startLineProcess } from './line-process.mjs';

/** The races: nanoGPT's two settings, GPT-2 as published, a Llama of 52M parameters. */
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
};

/** The model of a shape, as our own configuration has it; train-torch.py builds the same. */
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

/** Floating-point operations of a training step: (6N + 12·L·D·T) a token, N without positions and without a table that is only looked up. */
export const flopOf = (shape) => {
  const { layers, width, context, batch } = shape;
  const model = modelOf(shape);
  const looked = model.positions === 'learned' ? context * width : 0;
  const parameters = countParameters(model).total - looked - (model.tiedEmbeddings ? 0 : model.vocabularySize * width);
  return (6 * parameters + 12 * layers * width * context) * batch * context;
};

/** Freed memory is kept and large pages are used: the best that PyTorch's allocations can have on Linux. */
const keepMemory = {
  THP_MEM_ALLOC_ENABLE: '1',
  GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=17179869184',
};

/** Starts PyTorch's process: `ready` says version and threads, `contestants` take turns, `close` ends it. */
export const startTorch = async (shape, { python, threads, stepsPerTurn = 1 }) => {
  const script = fileURLToPath(new URL('train-torch.py', import.meta.url));
  const sizes = Object.entries({ ...shape, ...(threads === undefined ? {} : { threads }) });
  const child = await startLineProcess(
    python,
    [script, ...sizes.flatMap(([name, size]) => [`--${name}`, String(size)])],
    {
      env: keepMemory,
    },
  );
  const turn = async (mode) => {
    let seconds = 0;
    for (let i = 0; i < stepsPerTurn; i++) {
      const answer = await child.ask(`step ${mode}`);
      if (answer.kind === 'failed') throw new Error(answer.reason);
      seconds += answer.seconds;
    }
    return seconds;
  };
  return {
    ready: child.ready,
    contestants: child.ready.modes.map((mode) => ({ name: `torch ${mode}`, run: () => turn(mode) })),
    close: () => child.close(),
  };
};
