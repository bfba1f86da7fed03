/** LSTM and GRU models against PyTorch: parameter counts, logits, loss and gradients of the fixture of scripts/golden/recurrent.py. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Backend,
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
import type { ParameterSpec } from './gpt-parameters.js';
import { type RecurrentConfig, recurrentLogits, recurrentLoss, recurrentParameters } from './recurrent.js';
import { type TaggerConfig, taggerParameters } from './tagger.js';

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Model {
  readonly config: Omit<RecurrentConfig, 'dropout'>;
  readonly parameters: Readonly<Record<string, Packed>>;
  readonly logits: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Packed>>;
}
interface Fixture {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly models: readonly Model[];
  readonly counts: readonly { readonly config: Omit<RecurrentConfig, 'dropout'>; readonly parameters: number }[];
  readonly taggers: readonly { readonly config: Omit<TaggerConfig, 'dropout'>; readonly parameters: number }[];
}
const path = fileURLToPath(new URL('fixtures/recurrent.json', import.meta.url));
const fixture: Fixture = JSON.parse(readFileSync(path, 'utf8'));

const count = (specs: readonly ParameterSpec[]): number =>
  specs.reduce((total, { shape }) => total + product(shape), 0);

describe('parameters', () => {
  it('are as many as PyTorch has', () => {
    for (const { config, parameters } of fixture.counts)
      expect(count(recurrentParameters({ ...config, dropout: 0 }))).toBe(parameters);
    for (const { config, parameters } of fixture.taggers)
      expect(count(taggerParameters({ ...config, dropout: 0 }))).toBe(parameters);
  });
  it('are those of Zaremba et al. 2014, less a second bias: 20M and 66M', () => {
    const own = (hidden: number): number => {
      const config = { kind: 'lstm', vocabularySize: 10_000, width: hidden, hidden, layers: 2 } as const;
      return count(recurrentParameters({ ...config, tiedEmbeddings: false, dropout: 0.5 })) - 2 * 4 * hidden;
    };
    expect(own(650)).toBe(19_775_200);
    expect(own(1500)).toBe(66_022_000);
  });
  it.each(fixture.models)('have the paths and shapes of the fixture: $config', ({ config, parameters }) =>
    expect(
      Object.fromEntries(recurrentParameters({ ...config, dropout: 0 }).map((spec) => [spec.path, spec.shape])),
    ).toEqual(Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape]))),
  );
});

async function evaluate(
  backend: Backend,
  { config, parameters: given }: Model,
  dropout = 0,
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const model = { ...config, dropout };
  const [batch, time] = [2, fixture.tokens.length / 2];
  const graph = trace((t) => {
    const integers = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape });
    const parameters = new Map(
      recurrentParameters(model).map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]),
    );
    const inputs = {
      tokens: integers('tokens', [batch, time]),
      targets: integers('targets', [batch * time]),
      weights: input(t, 'weights', { dtype: 'float32', shape: [batch * time] }),
      ...(dropout === 0 ? {} : { dropout: { step: integers('step', []), seed: 3 } }),
    };
    const { loss } = recurrentLoss(model, parameters, inputs);
    const found = gradient(loss, [...parameters.values()], input(t, 'one', { dtype: 'float32', shape: [] }));
    const gradients = [...parameters.keys()].flatMap((name, i) => (found[i] === undefined ? [] : [[name, found[i]]]));
    return { outputs: { logits: recurrentLogits(model, parameters, inputs), loss, ...Object.fromEntries(gradients) } };
  });
  return backend.run(backend.compile(graph), {
    ...Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, data])),
    tokens: fixture.tokens,
    targets: fixture.targets,
    weights: fixture.weights,
    one: [1],
    ...(dropout === 0 ? {} : { step: [1] }),
  });
}

function expectClose(found: ArrayLike<number> | undefined, expected: readonly number[], what: string): void {
  expect(found?.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((found?.[i] ?? Number.NaN) - value), `${what}[${i}]`).toBeLessThan(2e-6);
  });
}

const backends = (): readonly (readonly [string, Backend])[] => [
  ['reference', referenceBackend()],
  ...loadAddon().isas.map((isa) => [isa, nativeBackend({ threads: 2, isa, form: 'widened' })] as const),
];
describe.each(backends())('on %s', (_, backend) => {
  it.each(fixture.models)('have PyTorch’s logits, loss and gradients: $config', async (model) => {
    const found = await evaluate(backend, model);
    expectClose(found['logits'], model.logits, 'logits');
    expectClose(found['loss'], [model.loss], 'loss');
    for (const [name, { data }] of Object.entries(model.gradients)) expectClose(found[name], data, name);
  });
});

it('drops what goes into a layer where asked', async () => {
  const [model] = fixture.models;
  if (model === undefined) throw new Error('a fixture has models');
  const plain = await evaluate(referenceBackend(), model);
  expect((await evaluate(referenceBackend(), model, 0.5))['logits']).not.toEqual(plain['logits']);
});
