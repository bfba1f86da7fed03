/** The text CNN against PyTorch: parameter counts, logits, loss and gradients of the fixture of scripts/golden/text_cnn.py. */
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
import { type TextCnnConfig, textCnnLogits, textCnnLoss, textCnnParameters } from './text-cnn.js';

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Fixture {
  readonly config: Omit<TextCnnConfig, 'dropout'>;
  readonly parameters: Readonly<Record<string, Packed>>;
  readonly tokens: readonly (readonly number[])[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly logits: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Packed>>;
  readonly counts: readonly (Omit<TextCnnConfig, 'dropout'> & { readonly parameters: number })[];
}
const path = fileURLToPath(new URL('fixtures/text-cnn.json', import.meta.url));
const fixture: Fixture = JSON.parse(readFileSync(path, 'utf8'));
const config: TextCnnConfig = { ...fixture.config, dropout: 0 };

const count = (the: TextCnnConfig): number =>
  textCnnParameters(the).reduce((total, { shape }) => total + product(shape), 0);

describe('textCnnParameters', () => {
  it('are as many as PyTorch has, and as the formula says', () => {
    for (const { parameters, ...rest } of fixture.counts) {
      const { vocabularySize: V, width: D, filterWidths, filters: F, classes: C } = rest;
      const sets = filterWidths.reduce((total, w) => total + F * w * D + F, 0);
      expect(count({ ...rest, dropout: 0.5 })).toBe(parameters);
      expect(V * D + sets + C * F * filterWidths.length + C).toBe(parameters);
    }
  });
  it('have the paths and shapes of the fixture', () =>
    expect(Object.fromEntries(textCnnParameters(config).map((spec) => [spec.path, spec.shape]))).toEqual(
      Object.fromEntries(Object.entries(fixture.parameters).map(([name, { shape }]) => [name, shape])),
    ));
});

const backends = (): readonly (readonly [string, Backend])[] => [
  ['reference', referenceBackend()],
  ...loadAddon().isas.map((isa) => [isa, nativeBackend({ threads: 2, isa, form: 'widened' })] as const),
];

/** Texts in rows of `time` tokens; 7 fills what is left, as any token could. */
async function evaluate(
  backend: Backend,
  time: number,
  dropout?: number,
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const batch = fixture.tokens.length;
  const model = { ...config, dropout: dropout ?? 0 };
  const graph = trace((t) => {
    const integers = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape });
    const parameters = new Map(
      textCnnParameters(model).map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]),
    );
    const inputs = {
      tokens: integers('tokens', [batch, time]),
      lengths: integers('lengths', [batch]),
      targets: integers('targets', [batch]),
      weights: input(t, 'weights', { dtype: 'float32', shape: [batch] }),
      ...(dropout === undefined ? {} : { dropout: { step: integers('step', []), seed: 3 } }),
    };
    const { loss } = textCnnLoss(model, parameters, inputs);
    const found = gradient(loss, [...parameters.values()], input(t, 'one', { dtype: 'float32', shape: [] }));
    const gradients = [...parameters.keys()].flatMap((name, i) => (found[i] === undefined ? [] : [[name, found[i]]]));
    return { outputs: { logits: textCnnLogits(model, parameters, inputs), loss, ...Object.fromEntries(gradients) } };
  });
  return backend.run(backend.compile(graph), {
    ...Object.fromEntries(Object.entries(fixture.parameters).map(([name, { data }]) => [name, data])),
    tokens: fixture.tokens.flatMap((text) => [...text, ...Array.from({ length: time - text.length }, () => 7)]),
    lengths: fixture.tokens.map((text) => text.length),
    targets: fixture.targets,
    weights: fixture.weights,
    one: [1],
    ...(dropout === undefined ? {} : { step: [1] }),
  });
}

function expectClose(found: ArrayLike<number> | undefined, expected: readonly number[], what: string): void {
  expect(found?.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((found?.[i] ?? Number.NaN) - value), `${what}[${i}]`).toBeLessThan(2e-5);
  });
}

describe.each(backends())('textCnn on %s', (_, backend) => {
  it.each([6, 11])('has PyTorch’s logits, loss and gradients in rows of %i', async (time) => {
    const found = await evaluate(backend, time);
    expectClose(found['logits'], fixture.logits, 'logits');
    expectClose(found['loss'], [fixture.loss], 'loss');
    for (const [name, { data }] of Object.entries(fixture.gradients)) expectClose(found[name], data, name);
  });
});

describe('textCnn', () => {
  it('drops features where asked', async () => {
    const plain = await evaluate(referenceBackend(), 6);
    const dropped = await evaluate(referenceBackend(), 6, 0.5);
    expect(dropped['logits']).not.toEqual(plain['logits']);
    expect((await evaluate(referenceBackend(), 6, 0))['logits']).toEqual(plain['logits']);
  });
});
