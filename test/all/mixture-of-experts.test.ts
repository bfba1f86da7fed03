// A mixture of experts beside the dense model of equal active parameters: the same real text, byte by byte, the same steps.
import { chooseIsa, input, nativeBackend, type Tensor, trace } from '@octavo/engine';
import { expect, it } from 'vitest';
import {
  countParameters,
  type GptConfig,
  type GptInputs,
  gptLoss,
  gptParameters,
  type Parameters,
} from '../../packages/octavo/src/models/index.js';
import { windowBatches } from '../../packages/octavo/src/training/index.js';
import { bitsOfOrderTwo, mobyDick, type Texts } from './support/moby-dick.js';
import { trainModel } from './support/train-model.js';

const [sequences, length, steps] = [32, 64, 700];

// Two of eight experts of 96 channels are the 192 of the dense model.
const base: GptConfig = {
  vocabularySize: 256,
  contextLength: length,
  depth: 1,
  width: 64,
  heads: 2,
  keyValueHeads: 2,
  headWidth: 32,
  feedForwardWidth: 96,
  positions: 'rotary',
  rotaryBase: 10000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: true,
  outputBias: false,
  dropout: 0,
};
const mixture = {
  ...base,
  experts: {
    count: 8,
    active: 2,
    capacityFactor: 0,
    scoring: 'softmax',
    normalise: true,
    balance: 0.03,
    routerZ: 0.001,
  },
} as const satisfies GptConfig;
const dense: GptConfig = { ...base, feedForwardWidth: 192 };

const inputTypes = {
  tokens: { dtype: 'int32', shape: [sequences, length] },
  positions: { dtype: 'int32', shape: [sequences, length] },
  targets: { dtype: 'int32', shape: [sequences * length] },
  weights: { dtype: 'float32', shape: [sequences * length] },
} as const;
type Inputs = GptInputs & Readonly<Record<'targets' | 'weights', Tensor>>;
interface Made {
  readonly objective: Tensor;
  readonly losses: Tensor;
  readonly loads?: readonly Tensor[];
}

const backend = nativeBackend({ threads: 1, isa: chooseIsa(undefined), form: 'widened' });

/** Trains, then gives the bits for a byte of text that was not trained on, and the mean load of each layer's experts. */
async function trained(
  specs: ReturnType<typeof gptParameters>,
  model: (parameters: Parameters, inputs: Inputs) => Made,
  { train, test }: Texts,
) {
  const batchesOf = (text: Uint8Array) => {
    const batchAt = windowBatches(text, { sequences, length, seed: 1, microBatches: 1 });
    return (step: number) => {
      const { tokens, positions, targets, weights } = batchAt(step);
      return { tokens, positions, targets, weights };
    };
  };
  const ofInputs = ({ tokens, positions, targets, weights }: Readonly<Record<string, Tensor>>): Inputs => {
    if (!tokens || !positions || !targets || !weights) throw new Error('a batch has four inputs');
    return { tokens, positions, targets, weights };
  };
  const { parameters } = await trainModel({
    backend,
    parameters: specs,
    seed: 1,
    inputs: inputTypes,
    loss: (of, inputs) => model(of, ofInputs(inputs)).objective,
    batch: batchesOf(train),
    steps,
    learningRate: 0.005,
  });
  const graph = trace((t) => {
    const of = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
    const inputs = Object.entries(inputTypes).map(([name, type]) => [name, input(t, name, type)] as const);
    const { losses, loads = [] } = model(of, ofInputs(Object.fromEntries(inputs)));
    return { outputs: { losses, ...Object.fromEntries(loads.map((load, i) => [`load${i}`, load])) } };
  });
  const executable = backend.compile(graph);
  const [unseenAt, unseen] = [batchesOf(test), 128];
  let loss = 0;
  const loads = new Map<string, number[]>();
  for (let step = 0; step < unseen; step++) {
    const { losses = [], ...rest } = await backend.run(executable, {
      ...Object.fromEntries(parameters),
      ...unseenAt(step),
    });
    loss += Array.from(losses).reduce((sum, value) => sum + value, 0) / losses.length / unseen;
    for (const [name, data] of Object.entries(rest))
      loads.set(
        name,
        Array.from(data, (value, e) => (loads.get(name)?.[e] ?? 0) + value / unseen),
      );
  }
  return { bits: loss / Math.log(2), loads: [...loads.values()] };
}

it('reads better than two bytes of context, with even experts', {
  timeout: 240_000,
}, async ({ skip }) => {
  const texts = await mobyDick();
  if (texts === undefined) return skip();
  const router = mixture.experts.count * mixture.width;
  expect(countParameters(mixture).active - router).toBe(countParameters(dense).total);
  const one = await trained(gptParameters(dense), (of, inputs) => gptLoss(dense, of, inputs), texts);
  const many = await trained(gptParameters(mixture), (of, inputs) => gptLoss(mixture, of, inputs), texts);
  const counted = bitsOfOrderTwo(texts);
  const loads = many.loads.map((load) => load.map((share) => share.toFixed(3)).join(' '));
  process.stderr.write(
    `bits for a byte: dense ${one.bits.toFixed(3)}, experts ${many.bits.toFixed(3)}, order-2 counts ${counted.toFixed(3)}; loads ${loads.join(' | ')}\n`,
  );
  expect(many.bits).toBeLessThan(counted);
  expect(many.loads).toHaveLength(mixture.depth);
  // Even is 1/8 each.
  for (const load of many.loads) {
    expect(Math.max(...load)).toBeLessThan(0.25);
    expect(Math.min(...load)).toBeGreaterThan(0.05);
  }
});
