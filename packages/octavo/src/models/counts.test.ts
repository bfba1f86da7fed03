import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CountedModel, countParameters, forwardFlopsAt, trainingFlops, trainingFlopsPerToken } from './counts.js';
import type { GptConfig } from './gpt-config.js';
import { gptParameters } from './gpt-parameters.js';

const base: GptConfig = {
  vocabularySize: 0,
  contextLength: 0,
  depth: 0,
  width: 0,
  heads: 1,
  keyValueHeads: 1,
  headWidth: 0,
  feedForwardWidth: 0,
  positions: 'rotary',
  rotaryBase: 10_000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: false,
  queryKeyNorm: false,
  outputBias: false,
  dropout: 0,
};
const gpt2 = (depth: number, width: number, contextLength = 1024): CountedModel => ({
  ...base,
  vocabularySize: 50257,
  contextLength,
  depth,
  width,
  heads: width / 64,
  keyValueHeads: width / 64,
  headWidth: 64,
  feedForwardWidth: 4 * width,
  positions: 'learned',
  norm: 'layer',
  activation: 'gelu-tanh',
  biases: true,
  tiedEmbeddings: true,
});
const llama = (
  V: number,
  L: number,
  d: number,
  f: number,
  h: number,
  kv: number,
  rest: Partial<CountedModel> = {},
): CountedModel => ({
  ...base,
  vocabularySize: V,
  contextLength: 4096,
  depth: L,
  width: d,
  heads: h,
  keyValueHeads: kv,
  headWidth: d / h,
  feedForwardWidth: f,
  ...rest,
});
const tied = { tiedEmbeddings: true };
const qwen25 = { queryKeyValueBiases: true };
const qwen3 = { headWidth: 128, queryKeyNorm: true, queryKeyNormGains: true };

describe('countParameters', () => {
  it.each<[string, CountedModel, number]>([
    ['GPT-2 small', gpt2(12, 768), 124_439_808],
    ['GPT-2 medium', gpt2(24, 1024), 354_823_168],
    ['GPT-2 large', gpt2(36, 1280), 774_030_080],
    ['GPT-2 XL', gpt2(48, 1600), 1_557_611_200],
    ['nanoGPT 124M', { ...gpt2(12, 768), biases: false, vocabularySize: 50304 }, 124_373_760],
    ['nanoGPT baby', { ...gpt2(6, 384, 256), biases: false, vocabularySize: 65 }, 10_745_088],
    ['Llama 2 7B', llama(32000, 32, 4096, 11008, 32, 32), 6_738_415_616],
    ['Llama 2 13B', llama(32000, 40, 5120, 13824, 40, 40), 13_015_864_320],
    ['Llama 2 70B', llama(32000, 80, 8192, 28672, 64, 8), 68_976_648_192],
    ['Llama 3 8B', llama(128256, 32, 4096, 14336, 32, 8), 8_030_261_248],
    ['Llama 3 70B', llama(128256, 80, 8192, 28672, 64, 8), 70_553_706_496],
    ['Llama 3.2 1B', llama(128256, 16, 2048, 8192, 32, 8, tied), 1_235_814_400],
    ['Llama 3.2 3B', llama(128256, 28, 3072, 8192, 24, 8, tied), 3_212_749_824],
    ['Mistral 7B', llama(32000, 32, 4096, 14336, 32, 8), 7_241_732_096],
    ['Qwen2.5 0.5B', llama(151936, 24, 896, 4864, 14, 2, { ...tied, ...qwen25 }), 494_032_768],
    ['Qwen2.5 1.5B', llama(151936, 28, 1536, 8960, 12, 2, { ...tied, ...qwen25 }), 1_543_714_304],
    ['Qwen2.5 7B', llama(152064, 28, 3584, 18944, 28, 4, qwen25), 7_615_616_512],
    ['Qwen3 0.6B', llama(151936, 28, 1024, 3072, 16, 8, { ...tied, ...qwen3 }), 596_049_920],
    ['Qwen3 1.7B', llama(151936, 28, 2048, 6144, 16, 8, { ...tied, ...qwen3 }), 1_720_574_976],
    ['Qwen3 4B', llama(151936, 36, 2560, 9728, 32, 8, { ...tied, ...qwen3 }), 4_022_468_096],
    ['Qwen3 8B', llama(151936, 36, 4096, 12288, 32, 8, qwen3), 8_190_735_360],
    ['SmolLM2 135M', llama(49152, 30, 576, 1536, 9, 3, tied), 134_515_008],
    ['SmolLM2 360M', llama(49152, 32, 960, 2560, 15, 5, tied), 361_821_120],
    ['TinyLlama 1.1B', llama(32000, 22, 2048, 5632, 32, 4), 1_100_048_384],
    [
      'nanochat d20',
      llama(65536, 20, 1280, 5120, 10, 10, { activation: 'relu-squared', gainlessNorms: true }),
      560_988_160,
    ],
  ])('%s', (_, model, total) => expect(countParameters(model).total).toBe(total));

  it('Mixtral 8×7B: 46.7 billion, of which a token meets 12.9', () => {
    const mixtral = llama(32000, 32, 4096, 14336, 32, 8, { experts: { count: 8, active: 2 } });
    expect(countParameters(mixtral).total).toBe(46_702_792_704);
    expect(countParameters(mixtral).active / 1e9).toBeCloseTo(12.9, 1);
  });

  it.each([
    [12, 768, 125.2],
    [24, 1024, 355.9],
    [24, 1536, 760.3],
    [24, 2048, 1315.7],
    [32, 2560, 2651.6],
    [32, 4096, 6658.4],
    [40, 5120, 12853.4],
    [96, 12288, 174604.3],
  ])('GPT-3 of %i layers, %i wide: %f million', (depth, width, millions) =>
    expect(countParameters(gpt2(depth, width, 2048)).total / 1e6).toBeCloseTo(millions, 1),
  );

  it('is the sum of the parameters that the model really has, whatever the choices', () =>
    fc.assert(
      fc.property(
        fc.record({
          vocabularySize: fc.integer({ min: 1, max: 99 }),
          contextLength: fc.integer({ min: 1, max: 32 }),
          depth: fc.nat(3),
          width: fc.integer({ min: 1, max: 32 }),
          keyValueHeads: fc.integer({ min: 1, max: 3 }),
          headWidth: fc.integer({ min: 1, max: 8 }),
          feedForwardWidth: fc.integer({ min: 1, max: 40 }),
          positions: fc.constantFrom('learned', 'rotary'),
          norm: fc.constantFrom('layer', 'rms'),
          activation: fc.constantFrom('gelu', 'relu-squared', 'swiglu'),
          biases: fc.boolean(),
          tiedEmbeddings: fc.boolean(),
          outputBias: fc.boolean(),
        }),
        fc.integer({ min: 1, max: 3 }),
        (choices, groups) => {
          const config: GptConfig = { ...base, ...choices, heads: choices.keyValueHeads * groups };
          const built = gptParameters(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
          expect(countParameters(config).total).toBe(built);
        },
      ),
    ));

  it('counts the trial model of the forecasts: 2.27 million, of which 4,096 are the bias on the logits', () => {
    const trial: GptConfig = {
      ...base,
      vocabularySize: 4096,
      contextLength: 256,
      depth: 4,
      width: 192,
      heads: 3,
      keyValueHeads: 3,
      headWidth: 64,
      feedForwardWidth: 576,
      activation: 'relu-squared',
      tiedEmbeddings: true,
      outputBias: true,
    };
    expect(countParameters(trial).total).toBe(2_266_816);
  });
});

describe('operations', () => {
  it('a token of GPT-2 in nanoGPT: 855,166,464', () =>
    expect(trainingFlopsPerToken(gpt2(12, 768), 1024)).toBe(855_166_464));
  it('Llama 3 405B on 15.6T tokens: 3.79e25; GPT-3 on 300B: 3.14e23, or 3640 petaflop-days', () => {
    expect(trainingFlops({ parameters: 405e9, tokens: 15.6e12 }) / 1e25).toBeCloseTo(3.79, 2);
    const gpt3 = trainingFlops({ parameters: 174.6e9, tokens: 300e9 });
    expect(gpt3 / 1e23).toBeCloseTo(3.14, 2);
    expect(gpt3 / 8.64e19).toBeCloseTo(3640, -1);
  });
  it('a forward pass over a sequence is a third of training less the half that the mask hides and what is not a product', () => {
    const model = llama(1000, 3, 64, 128, 4, 2);
    const s = 16;
    const forward = Array.from({ length: s }, (_, i) => forwardFlopsAt(model, i)).reduce((a, b) => a + b, 0);
    const attention = 4 * 3 * 64 * s * s;
    const norms = 2 * countParameters(model).norms * s;
    expect(forward).toBe((trainingFlopsPerToken(model, s) * s) / 3 - norms - attention / 2 + (4 * 3 * 64 * s) / 2);
  });
});
