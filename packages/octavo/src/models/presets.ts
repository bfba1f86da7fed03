import type { GptConfig } from './gpt-config.js';

const common = { queryKeyNorm: false, outputBias: false, dropout: 0 } as const;

/** Radford et al. 2019: learned positions, LayerNorm, biases, tied embeddings. */
const gpt2 = (depth: number, width: number): GptConfig => ({
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
const llama = (
  the: Partial<GptConfig> & Pick<GptConfig, 'depth' | 'width' | 'heads' | 'feedForwardWidth'>,
): GptConfig => ({
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

/** Published models, by the names that people know: their cards and papers say these sizes. */
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
} as const satisfies Readonly<Record<string, GptConfig>>;

export type PresetName = keyof typeof presets;
