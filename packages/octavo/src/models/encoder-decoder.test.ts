/** The encoder-decoder's published sizes, and that the machine computes what its definition says. */
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
import {
  type EncoderDecoderConfig,
  encoderDecoderLogits,
  encoderDecoderLoss,
  encoderDecoderParameters,
} from './encoder-decoder.js';
import { initialValues } from './initialise.js';

const t5Small: EncoderDecoderConfig = {
  vocabularySize: 32128,
  width: 512,
  heads: 8,
  headWidth: 64,
  feedForwardWidth: 2048,
  encoderDepth: 6,
  decoderDepth: 6,
  buckets: 32,
  maxDistance: 128,
  activation: 'relu',
  normEpsilon: 1e-6,
};
it('has the published number of parameters: T5-small', () =>
  expect(encoderDecoderParameters(t5Small).reduce((total, { shape }) => total + product(shape), 0)).toBe(60_506_624));

const [B, S, T, V] = [2, 5, 4, 11];
const native = () => nativeBackend({ threads: 2, isa: loadAddon().isas.at(-1) ?? 'baseline', form: 'widened' });

describe.each(['relu', 'gated-gelu'] as const)('a small one with %s', (activation) => {
  const config: EncoderDecoderConfig = {
    ...t5Small,
    activation,
    vocabularySize: V,
    width: 8,
    heads: 2,
    headWidth: 3,
    feedForwardWidth: 12,
    encoderDepth: 2,
    decoderDepth: 2,
    buckets: 8,
    maxDistance: 6,
  };
  const specs = encoderDecoderParameters(config);
  const graph = trace((t) => {
    const ids = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape });
    const parameters = new Map(
      specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })] as const),
    );
    const inputs = { source: ids('source', [B, S]), lengths: ids('lengths', [B]), said: ids('said', [B, T]) };
    const weights = input(t, 'weights', { dtype: 'float32', shape: [B * T] });
    const { loss } = encoderDecoderLoss(config, parameters, { ...inputs, targets: ids('targets', [B * T]), weights });
    const found = gradient(loss, [...parameters.values()], input(t, 'one', { dtype: 'float32', shape: [] }));
    const gradients = specs.flatMap(({ path }, i) =>
      found[i] === undefined ? [] : [[`d.${path}`, found[i]] as const],
    );
    return {
      outputs: { loss, logits: encoderDecoderLogits(config, parameters, inputs), ...Object.fromEntries(gradients) },
    };
  });
  const given = {
    ...Object.fromEntries(specs.map((spec, stream) => [spec.path, initialValues(spec, { seed: 1, stream })])),
    source: [1, 2, 3, 4, 5, 6, 7, 8, 0, 0],
    lengths: [5, 3],
    said: [0, 2, 3, 4, 0, 7, 8, 9],
    targets: [2, 3, 4, 1, 7, 8, 9, 1],
    weights: [1, 1, 1, 1, 1, 1, 0.5, 0],
    one: [1],
  };

  it('gives on the machine what its definition says, gradients included', async () => {
    const [reference, backend] = [referenceBackend(), native()];
    const expected = await reference.run(reference.compile(graph), given);
    const found = await backend.run(backend.compile(graph), given);
    expect(Object.keys(found)).toHaveLength(specs.length + 2);
    for (const [name, values] of Object.entries(expected)) {
      const scale = Math.max(1, ...Array.from(values, Math.abs));
      values.forEach((value: number, i: number) => {
        expect(Math.abs((found[name]?.[i] ?? Number.NaN) - value) / scale, name).toBeLessThan(2e-5);
      });
    }
  });
  it('reads the whole source but its padding, and never what it has yet to say', async () => {
    const backend = native();
    const executable = backend.compile(graph);
    const logits = async (changed: object) => (await backend.run(executable, { ...given, ...changed }))['logits'];
    const before = await logits({});
    const padded = await logits({ source: [1, 2, 3, 4, 5, 6, 7, 8, 9, 9] });
    expect(padded).toEqual(before);
    const other = await logits({ source: [1, 2, 3, 4, 6, 6, 7, 8, 0, 0] });
    expect(other?.slice(0, V)).not.toEqual(before?.slice(0, V));
    const later = await logits({ said: [0, 2, 3, 5, 0, 7, 8, 9] });
    expect(later?.slice(0, 3 * V)).toEqual(before?.slice(0, 3 * V));
    expect(later?.slice(3 * V, 4 * V)).not.toEqual(before?.slice(3 * V, 4 * V));
  });
});
