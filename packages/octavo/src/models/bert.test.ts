/** The encoder's published sizes, its answers beside transformers' BertForMaskedLM, and what they may depend on. */
import {
  gradient,
  input,
  loadAddon,
  nativeBackend,
  product,
  referenceBackend,
  type Tensor,
  trace,
} from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { type BertConfig, bertLogits, bertLoss, bertParameters } from './bert.js';
import { type EncoderGolden, encoderGoldens, expectAsTransformers } from './encoder-goldens.test-support.js';
import { presets } from './presets.js';

const count = (config: BertConfig): number =>
  bertParameters(config).reduce((total, { shape }) => total + product(shape), 0);
const base = presets['bert-base'].config;
it('has the published number of parameters: base with its masked-language head', () =>
  expect(count(base)).toBe(109_514_298));

const small: BertConfig = {
  ...base,
  vocabularySize: 11,
  contextLength: 6,
  depth: 2,
  width: 8,
  heads: 2,
  feedForwardWidth: 12,
};
const [B, T, M] = [2, 5, 3];
const specs = bertParameters(small);
const graph = trace((t) => {
  const ids = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape });
  const parameters = new Map(
    specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })] as const),
  );
  const inputs = {
    tokens: ids('tokens', [B, T]),
    positions: ids('positions', [B, T]),
    segments: ids('segments', [B, T]),
    lengths: ids('lengths', [B]),
  };
  const weights = input(t, 'weights', { dtype: 'float32', shape: [M] });
  const { loss } = bertLoss(small, parameters, {
    ...inputs,
    masked: ids('masked', [M]),
    targets: ids('targets', [M]),
    weights,
  });
  const found = gradient(loss, [...parameters.values()], input(t, 'one', { dtype: 'float32', shape: [] }));
  const gradients = specs.flatMap(({ path }, i) => (found[i] === undefined ? [] : [[`d.${path}`, found[i]] as const]));
  return { outputs: { loss, logits: bertLogits(small, parameters, inputs), ...Object.fromEntries(gradients) } };
});
const golden: EncoderGolden = encoderGoldens().bert;
const given = {
  ...golden.parameters,
  tokens: [1, 2, 3, 4, 5, 6, 7, 8, 0, 0],
  positions: [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
  segments: [0, 0, 0, 1, 1, 0, 1, 1, 1, 1],
  lengths: [5, 3],
  masked: [1, 4, 7],
  targets: [9, 3, 2],
  weights: [1, 0.5, 2],
  one: [1],
};
const native = () => nativeBackend({ threads: 2, isa: loadAddon().isas.at(-1) ?? 'baseline', form: 'widened' });

describe('a small encoder', () => {
  it.each([referenceBackend(), native()])(
    'is BertForMaskedLM on $name: logits, loss, all gradients',
    async (backend) => {
      const found = await backend.run(backend.compile(graph), given);
      expect(Object.keys(found)).toHaveLength(specs.length + 2);
      // Of the second row three tokens are no padding.
      expectAsTransformers({ ...found, logits: found['logits']?.slice(0, (T + 3) * 11) ?? [] }, golden);
    },
  );
  it('sees later tokens, and none that are padded', async () => {
    const backend = native();
    const executable = backend.compile(graph);
    const logits = async (tokens: readonly number[]) => (await backend.run(executable, { ...given, tokens }))['logits'];
    const before = await logits(given.tokens);
    const after = await logits([1, 2, 3, 4, 6, 6, 7, 8, 9, 9]);
    expect(after?.slice(0, 11)).not.toEqual(before?.slice(0, 11));
    expect(after?.slice(5 * 11, 8 * 11)).toEqual(before?.slice(5 * 11, 8 * 11));
  });
});
