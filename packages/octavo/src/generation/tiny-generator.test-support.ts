/** A real GPT with random weights, small enough for tests: it says nothing sensible, by the whole path. For tests only. */
import { chooseIsa, nativeBackend } from '@octavo/engine';
import { type GptConfig, gptParameters, initialValues } from '../models/index.js';
import { type Tokenizer, trainTokenizer } from '../text/index.js';
import { createGenerator } from './generator.js';
import type { Generator } from './types.js';

export const tinyTokenizer = (): Promise<Tokenizer> =>
  trainTokenizer({
    texts: [
      'What is the capital of France? The capital of France is Paris. The whale swims under the ship. '.repeat(20),
    ],
    vocabularySize: 320,
    pattern: 'gpt2',
    threads: 1,
  });

export const tinyGenerator = (
  tokenizer: Tokenizer,
  { slots, contextLength }: { readonly slots: number; readonly contextLength: number },
): Generator => {
  const config: GptConfig = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength,
    depth: 2,
    width: 32,
    heads: 2,
    keyValueHeads: 2,
    headWidth: 16,
    feedForwardWidth: 64,
    positions: 'rotary',
    rotaryBase: 10_000,
    norm: 'rms',
    normEpsilon: 1e-5,
    activation: 'relu-squared',
    biases: false,
    tiedEmbeddings: true,
    queryKeyNorm: true,
    outputBias: false,
    dropout: 0,
  };
  const backend = nativeBackend({ threads: 1, isa: chooseIsa(undefined), form: 'widened' });
  const parameters = new Map(
    gptParameters(config).map((spec, stream) => [
      spec.path,
      backend.allocate({ dtype: 'float32', shape: spec.shape }, initialValues(spec, { seed: 1, stream })),
    ]),
  );
  return createGenerator({ backend, precision: 'float32', config, parameters }, { tokenizer, slots });
};
