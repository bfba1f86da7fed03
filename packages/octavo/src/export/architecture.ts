import { fail } from '../core/index.js';
import type { GptConfig } from '../models/index.js';

/** Architectures of transformers that a GPT of ours can be written as, without a change of its function. */
export type Architecture = 'gpt2' | 'llama' | 'qwen3' | 'mixtral' | 'qwen3_moe';

/** What keeps a model from each architecture; an empty list means that it fits. */
export function obstacles(config: GptConfig): Readonly<Record<Architecture, readonly string[]>> {
  const list = (...conditions: readonly (readonly [boolean, string])[]): readonly string[] =>
    conditions.filter(([bad]) => bad).map(([, text]) => text);
  const llamaLike = [
    [config.positions !== 'rotary', 'positions must be rotary'],
    [config.norm !== 'rms', 'norm must be rms'],
    [config.outputBias, 'there may be no outputBias'],
  ] as const;
  const { experts } = config;
  const dense = [
    [experts !== undefined, 'there may be no experts'],
    [
      config.activation !== 'swiglu' && config.activation !== 'relu-squared',
      'activation must be swiglu or relu-squared',
    ],
  ] as const;
  const mixture = [
    [experts === undefined, 'there must be experts'],
    [config.activation !== 'swiglu', 'activation must be swiglu'],
    [config.biases, 'there may be no biases'],
    [experts?.scoring === 'sigmoid', 'experts.scoring must be softmax'],
  ] as const;
  return {
    gpt2: list(
      [experts !== undefined, 'there may be no experts'],
      [config.positions !== 'learned', 'positions must be learned'],
      [config.norm !== 'layer', 'norm must be layer'],
      [!config.biases, 'biases must be there'],
      [!config.tiedEmbeddings, 'embeddings must be tied'],
      [config.activation !== 'gelu' && config.activation !== 'gelu-tanh', 'activation must be gelu or gelu-tanh'],
      [
        config.keyValueHeads !== config.heads || config.headWidth * config.heads !== config.width,
        'each head needs its own keys and values, and width = heads × headWidth',
      ],
      [config.queryKeyNorm, 'there may be no queryKeyNorm'],
      [config.outputBias, 'there may be no outputBias'],
    ),
    llama: list(...llamaLike, ...dense, [config.queryKeyNorm, 'there may be no queryKeyNorm']),
    qwen3: list(
      ...llamaLike,
      ...dense,
      [!config.queryKeyNorm, 'queryKeyNorm must be on'],
      [config.biases, 'there may be no biases'],
    ),
    mixtral: list(
      ...llamaLike,
      ...mixture,
      [config.queryKeyNorm, 'there may be no queryKeyNorm'],
      [experts?.normalise === false, 'experts.normalise must be on'],
    ),
    qwen3_moe: list(...llamaLike, ...mixture, [!config.queryKeyNorm, 'queryKeyNorm must be on']),
  };
}

/** The architecture that fits. Errors: EXPORT_UNSUPPORTED, naming what stands in the way of the nearest one. */
export function architectureOf(config: GptConfig): Architecture {
  const found = obstacles(config);
  const names: readonly Architecture[] =
    config.experts === undefined ? ['gpt2', 'llama', 'qwen3'] : ['mixtral', 'qwen3_moe'];
  const fitting = names.find((name) => found[name].length === 0);
  if (fitting !== undefined) return fitting;
  const nearest = names.reduce((best, name) => (found[name].length < found[best].length ? name : best));
  throw fail('EXPORT_UNSUPPORTED', {
    what: `no architecture of transformers computes this model; nearest is ${nearest}: ${found[nearest].join('; ')}`,
    where: 'octavo.yaml: model',
    remedy: 'change these fields and train again, or set export.huggingFace: false',
  });
}
