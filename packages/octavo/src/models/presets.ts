import type { BertConfig } from './bert.js';
import type { EncoderDecoderConfig } from './encoder-decoder.js';
import type { GptConfig } from './gpt-config.js';
import type { Model } from './model-function.js';
import type { RecurrentConfig } from './recurrent.js';

const common = { queryKeyNorm: false, outputBias: false, dropout: 0 } as const;

const gpt = (config: GptConfig) => ({ architecture: 'gpt', config, length: config.contextLength }) as const;

/** Radford et al. 2019: learned positions, LayerNorm, biases, tied embeddings. */
const gpt2 = (depth: number, width: number) =>
  gpt({
    ...common,
    vocabularySize: 50257,
    contextLength: 1024,
    depth,
    width,
    heads: width / 64,
    keyValueHeads: width / 64,
    headWidth: 64,
    feedForwardWidth: 4 * width,
    positions: 'learned',
    rotaryBase: 10_000,
    norm: 'layer',
    normEpsilon: 1e-5,
    activation: 'gelu-tanh',
    biases: true,
    tiedEmbeddings: true,
  });

/** Touvron et al. 2023: rotary positions, RMSNorm, SwiGLU, no biases. */
const llama = (the: Partial<GptConfig> & Pick<GptConfig, 'depth' | 'width' | 'heads' | 'feedForwardWidth'>) =>
  gpt({
    ...common,
    vocabularySize: 32_000,
    contextLength: 4096,
    keyValueHeads: the.heads,
    headWidth: the.width / the.heads,
    positions: 'rotary',
    rotaryBase: 10_000,
    norm: 'rms',
    normEpsilon: 1e-5,
    activation: 'swiglu',
    biases: false,
    tiedEmbeddings: false,
    ...the,
  });

/** Devlin et al. 2018, with the masked-language head. */
const bert = (depth: number, width: number): BertConfig => ({
  vocabularySize: 30_522,
  contextLength: 512,
  segments: 2,
  depth,
  width,
  heads: width / 64,
  feedForwardWidth: 4 * width,
  normEpsilon: 1e-12,
});

/** Raffel et al. 2019: T5 in its first version. */
const t5 = (depth: number, width: number): EncoderDecoderConfig => ({
  vocabularySize: 32_128,
  width,
  heads: width / 64,
  headWidth: 64,
  feedForwardWidth: 4 * width,
  encoderDepth: depth,
  decoderDepth: depth,
  buckets: 32,
  maxDistance: 128,
  activation: 'relu',
  normEpsilon: 1e-6,
});

/** Zaremba et al. 2014, on the Penn Treebank. */
const lstm = (hidden: number, dropout: number): RecurrentConfig => ({
  kind: 'lstm',
  vocabularySize: 10_000,
  width: hidden,
  hidden,
  layers: 2,
  tiedEmbeddings: false,
  dropout,
});

/** A model to look at, with the tokens that it is looked at with where it has no context of its own. */
export type Preset = Model & { readonly length: number };

/**
 * Published models, by the names that people know: their cards and papers say these sizes. Those of an architecture
 * of which none is known by name are of the size that the tests train.
 */
export const presets = {
  gpt2: gpt2(12, 768),
  'gpt2-medium': gpt2(24, 1024),
  'gpt2-large': gpt2(36, 1280),
  'gpt2-xl': gpt2(48, 1600),
  'llama-2-7b': llama({ depth: 32, width: 4096, heads: 32, feedForwardWidth: 11_008 }),
  'llama-3-8b': llama({
    depth: 32,
    width: 4096,
    heads: 32,
    keyValueHeads: 8,
    feedForwardWidth: 14_336,
    vocabularySize: 128_256,
    contextLength: 8192,
    rotaryBase: 500_000,
  }),
  // Jiang et al. 2024: eight experts, two a token.
  'mixtral-8x7b': llama({
    depth: 32,
    width: 4096,
    heads: 32,
    keyValueHeads: 8,
    feedForwardWidth: 14_336,
    contextLength: 32_768,
    rotaryBase: 1_000_000,
    experts: { count: 8, active: 2, capacityFactor: 0, scoring: 'softmax', normalise: true, balance: 0.02, routerZ: 0 },
  }),
  'mistral-7b': llama({
    depth: 32,
    width: 4096,
    heads: 32,
    keyValueHeads: 8,
    feedForwardWidth: 14_336,
    contextLength: 32_768,
  }),
  'tinyllama-1.1b': llama({
    depth: 22,
    width: 2048,
    heads: 32,
    keyValueHeads: 4,
    feedForwardWidth: 5632,
    contextLength: 2048,
  }),
  'smollm2-135m': llama({
    depth: 30,
    width: 576,
    heads: 9,
    keyValueHeads: 3,
    feedForwardWidth: 1536,
    vocabularySize: 49_152,
    contextLength: 8192,
    rotaryBase: 100_000,
    tiedEmbeddings: true,
  }),
  'bert-base': { architecture: 'bert', config: bert(12, 768), length: 512 },
  'bert-large': { architecture: 'bert', config: bert(24, 1024), length: 512 },
  't5-small': { architecture: 'encoder-decoder', config: t5(6, 512), length: 512 },
  't5-base': { architecture: 'encoder-decoder', config: t5(12, 768), length: 512 },
  't5-large': { architecture: 'encoder-decoder', config: t5(24, 1024), length: 512 },
  // Kim 2014, on film reviews of some 20 words.
  'text-cnn': {
    architecture: 'text-cnn',
    config: { vocabularySize: 18_765, width: 300, filterWidths: [3, 4, 5], filters: 100, classes: 2, dropout: 0.5 },
    length: 20,
  },
  'lstm-medium': { architecture: 'recurrent', config: lstm(650, 0.5), length: 35 },
  'lstm-large': { architecture: 'recurrent', config: lstm(1500, 0.65), length: 35 },
  'gru-medium': { architecture: 'recurrent', config: { ...lstm(650, 0.5), kind: 'gru' }, length: 35 },
  'lstm-tagger': {
    architecture: 'tagger',
    config: { kind: 'lstm', vocabularySize: 10_000, width: 64, hidden: 96, layers: 1, tags: 12, dropout: 0.2 },
    length: 32,
  },
  'linear-recurrence': {
    architecture: 'linear-recurrence',
    config: {
      vocabularySize: 256,
      depth: 2,
      width: 96,
      recurrentWidth: 128,
      convolutionWidth: 4,
      feedForwardWidth: 192,
      normEpsilon: 1e-5,
    },
    length: 128,
  },
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;
