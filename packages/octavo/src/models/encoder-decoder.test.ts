/** The encoder-decoder's published sizes, its answers beside transformers' T5, and what they may depend on. */
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
import { encoderGoldens, expectAsTransformers } from './encoder-goldens.test-support.js';
import { presets } from './presets.js';

const t5Small = presets['t5-small'].config;
it('has the published number of parameters: T5-small', () =>
  expect(encoderDecoderParameters(t5Small).reduce((total, { shape }) => total + product(shape), 0)).toBe(60_506_624));

const [B, S, T, V] = [2, 14, 12, 11];
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
    maxDistance: 9,
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
  const golden = encoderGoldens()[activation];
  const { source, lengths, said, targets, weights } = golden;
  const given = { ...golden.parameters, source, lengths, said, targets, weights, one: [1] };

  it.each([referenceBackend(), native()])('is T5 on $name: logits, loss, all gradients', async (backend) => {
    const found = await backend.run(backend.compile(graph), given);
    expect(Object.keys(found)).toHaveLength(specs.length + 2);
    expectAsTransformers(found, golden);
  });
  it('reads the whole source but its padding, and never what it has yet to say', async () => {
    const backend = native();
    const executable = backend.compile(graph);
    const logits = async (other: object) => (await backend.run(executable, { ...given, ...other }))['logits'];
    const before = await logits({});
    const changed = (ids: readonly number[], at: number) => ids.map((id, i) => (i === at ? (id % 10) + 1 : id));
    // The second source has nine tokens: what stands in its last five places is padding.
    expect(await logits({ source: changed(source, 2 * S - 1) })).toEqual(before);
    expect((await logits({ source: changed(source, 8) }))?.slice(0, V)).not.toEqual(before?.slice(0, V));
    const later = await logits({ said: changed(said, 3) });
    expect(later?.slice(0, 3 * V)).toEqual(before?.slice(0, 3 * V));
    expect(later?.slice(3 * V, 4 * V)).not.toEqual(before?.slice(3 * V, 4 * V));
  });
});
