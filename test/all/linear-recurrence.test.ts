// A language model without attention reads Moby-Dick, byte by byte, beside a GPT of the same size, for the same steps.
import { chooseIsa, input, nativeBackend, type Tensor, trace } from '@octavo/engine';
import { expect, it } from 'vitest';
import {
  type GptConfig,
  gptLoss,
  gptParameters,
  linearRecurrenceLoss,
  linearRecurrenceParameters,
  type ParameterSpec,
  type Parameters,
  presets,
} from '../../packages/octavo/src/models/index.js';
import { windowBatches } from '../../packages/octavo/src/training/index.js';
import { bitsOfOrderTwo, mobyDick, type Texts } from './support/moby-dick.js';
import { trainModel } from './support/train-model.js';

const [sequences, length, steps] = [16, 128, 500];
const recurrent = presets['linear-recurrence'].config;
const attentive: GptConfig = {
  vocabularySize: 256,
  contextLength: length,
  depth: 2,
  width: 96,
  heads: 3,
  keyValueHeads: 3,
  headWidth: 32,
  feedForwardWidth: 308,
  positions: 'rotary',
  rotaryBase: 10_000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: true,
  outputBias: false,
  dropout: 0,
};

const inputTypes = {
  tokens: { dtype: 'int32', shape: [sequences, length] },
  positions: { dtype: 'int32', shape: [sequences, length] },
  targets: { dtype: 'int32', shape: [sequences * length] },
  weights: { dtype: 'float32', shape: [sequences * length] },
} as const;
type Inputs = Readonly<Record<'tokens' | 'positions' | 'targets' | 'weights', Tensor>>;
interface Model {
  readonly specs: readonly ParameterSpec[];
  readonly loss: (parameters: Parameters, inputs: Inputs) => Readonly<Record<'loss' | 'losses', Tensor>>;
}
const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
const size = ({ specs }: Model): number =>
  specs.reduce((total, { shape }) => total + shape.reduce((product, n) => product * n, 1), 0);

/** Trains on one text; the bits for a byte of the other, in windows that each begin without a past. */
async function bitsAfterTraining({ specs, loss }: Model, { train, test }: Texts): Promise<number> {
  const batches = windowBatches(train, { sequences, length, seed: 1, microBatches: 1 });
  const { parameters } = await trainModel({
    backend,
    parameters: specs,
    seed: 1,
    inputs: inputTypes,
    loss: (of, { tokens, positions, targets, weights }) => loss(of, { tokens, positions, targets, weights }).loss,
    batch: (step) => {
      const { tokens, positions, targets, weights } = batches(step);
      return { tokens, positions, targets, weights };
    },
    steps,
    learningRate: 0.01,
  });
  const graph = trace((t) => {
    const of = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
    const inputs = Object.entries(inputTypes).map(([name, type]) => [name, input(t, name, type)] as const);
    const { tokens, positions, targets, weights } = Object.fromEntries(inputs);
    return { outputs: { losses: loss(of, { tokens, positions, targets, weights }).losses } };
  });
  const executable = backend.compile(graph);
  const held = windowBatches(test, { sequences, length, seed: 2, microBatches: 1 });
  let [total, count] = [0, 0];
  for (let step = 0; (step + 1) * sequences * length < test.length; step++) {
    const { tokens, positions, targets, weights } = held(step);
    const given = { ...Object.fromEntries(parameters), tokens, positions, targets, weights };
    for (const value of (await backend.run(executable, given))['losses']) {
      total += value;
      count++;
    }
  }
  return total / count / Math.log(2);
}

it('reads better than two bytes of context, and than attention in as many steps', async ({ skip }) => {
  const texts = await mobyDick();
  if (texts === undefined) return skip();
  const one: Model = {
    specs: linearRecurrenceParameters(recurrent),
    loss: (of, inputs) => linearRecurrenceLoss(recurrent, of, inputs),
  };
  const other: Model = { specs: gptParameters(attentive), loss: (of, inputs) => gptLoss(attentive, of, inputs) };
  expect(Math.abs(size(one) / size(other) - 1)).toBeLessThan(0.02);
  const counted = bitsOfOrderTwo(texts);
  const recurrentBits = await bitsAfterTraining(one, texts);
  const attentiveBits = await bitsAfterTraining(other, texts);
  process.stderr.write(
    `bits for a byte of ${texts.test.length}: recurrence (${size(one)} parameters) ${recurrentBits.toFixed(3)}, GPT (${size(other)}) ${attentiveBits.toFixed(3)}, order-2 counts ${counted.toFixed(3)}\n`,
  );
  expect(recurrentBits).toBeLessThan(counted - 0.15);
  expect(recurrentBits).toBeLessThan(attentiveBits);
});
