/** The mixture of experts against a token-by-token PyTorch implementation, and what it is made of. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  chooseIsa,
  gradient,
  input,
  nativeBackend,
  product,
  referenceBackend,
  type Tensor,
  trace,
} from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { countParameters } from './counts.js';
import { gptLogits, gptLoss } from './gpt.js';
import type { ExpertsConfig, GptConfig } from './gpt-config.js';
import { gptParameters } from './gpt-parameters.js';

const experts: ExpertsConfig = {
  count: 4,
  active: 2,
  capacityFactor: 0,
  scoring: 'softmax',
  normalise: true,
  balance: 0.3,
  routerZ: 0.05,
};
const config: GptConfig = {
  vocabularySize: 11,
  contextLength: 5,
  depth: 1,
  width: 8,
  heads: 2,
  keyValueHeads: 2,
  headWidth: 4,
  feedForwardWidth: 6,
  positions: 'rotary',
  rotaryBase: 10_000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: false,
  outputBias: false,
  dropout: 0,
  experts,
};

interface Golden {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly loss: number;
  readonly logits: readonly number[];
  readonly load: readonly number[];
}
const golden: Golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('./fixtures/mixture.json', import.meta.url)), 'utf8'),
);

/** Loss, logits, loads, drops and gradients of all parameters for two sequences of five tokens. */
const graphOf = (model: GptConfig) =>
  trace((t) => {
    const specs = gptParameters(model);
    const parameters = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
    const ids = (name: string, shape: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape });
    const inputs = { tokens: ids('tokens', [2, 5]), positions: ids('positions', [2, 5]) };
    const weights = input(t, 'weights', { dtype: 'float32', shape: [10] });
    const {
      objective: loss,
      loads,
      dropped,
    } = gptLoss(model, parameters, {
      ...inputs,
      targets: ids('targets', [10]),
      weights,
    });
    const found = gradient(loss, [...parameters.values()], input(t, 'one', { dtype: 'float32', shape: [] }));
    const gradients = specs.flatMap(({ path }, i) =>
      found[i] === undefined ? [] : [[`d.${path}`, found[i]] as const],
    );
    const outputs = {
      loss,
      logits: gptLogits(model, parameters, inputs),
      load: loads[0] ?? loss,
      dropped: dropped[0] ?? loss,
    };
    return { outputs: { ...outputs, ...Object.fromEntries(gradients) } };
  });
const { tokens, targets, weights } = golden;
const values = { ...golden.parameters, tokens, targets, weights, positions: [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], one: [1] };

describe.each([
  ['reference', referenceBackend()],
  ['native', nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' })],
] as const)('on %s', (_, backend) => {
  it('has the loss, logits, load and gradients of PyTorch', async () => {
    const found = await backend.run(backend.compile(graphOf(config)), values);
    expect(found['loss']?.[0]).toBeCloseTo(golden.loss, 5);
    const wanted = {
      logits: golden.logits,
      load: golden.load,
      ...Object.fromEntries(Object.entries(golden.gradients).map(([path, data]) => [`d.${path}`, data])),
    };
    for (const [name, data] of Object.entries(wanted)) {
      expect(found[name]?.length, name).toBe(data.length);
      for (const [i, value] of data.entries()) expect(found[name]?.[i], `${name}[${i}]`).toBeCloseTo(value, 4);
    }
  });
  it('drops what is over the capacity of an expert, in training alone', async () => {
    const tight = { ...config, experts: { ...experts, capacityFactor: 0.5 } };
    const found = await backend.run(backend.compile(graphOf(tight)), values);
    // Four experts of at most ⌈10 · 2 · ½ / 4⌉ = 3 rows each.
    const kept = golden.load.reduce((sum, share) => sum + Math.min(3, Math.round(share * 20)), 0);
    expect(found['dropped']?.[0]).toBe(20 - kept);
    for (const [i, value] of golden.logits.entries()) expect(found['logits']?.[i]).toBeCloseTo(value, 4);
  });
});

it('has as many parameters as are counted, with biases elsewhere or without', () => {
  for (const biases of [false, true]) {
    const model: GptConfig = { ...config, biases, norm: biases ? 'layer' : 'rms', depth: 3 };
    const built = gptParameters(model).reduce((sum, { shape }) => sum + product(shape), 0);
    expect(countParameters(model).total).toBe(built);
  }
});
