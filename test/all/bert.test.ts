// An encoder fills in masked characters of chapters of Moby-Dick that it has not read, far better than the byte before tells.
import { chooseIsa, input, nativeBackend, philox, type Tensor, trace } from '@octavo/engine';
import { expect, it } from 'vitest';
import {
  type BertConfig,
  bertLogits,
  bertLoss,
  bertParameters,
  type Parameters,
} from '../../packages/octavo/src/models/index.js';
import { mobyDick, type Texts } from './support/moby-dick.js';
import { trainModel } from './support/train-model.js';

const [rows, length, steps] = [128, 16, 800];
// Short windows: where a neighbour stands is learnt sooner. Byte 256 is the mask.
const maskedOfRow = 3;
const mask = 256;
const config: BertConfig = {
  vocabularySize: 257,
  contextLength: length,
  segments: 1,
  depth: 2,
  width: 96,
  heads: 3,
  feedForwardWidth: 384,
  normEpsilon: 1e-12,
};

interface Masking {
  readonly tokens: Int32Array;
  /** Places in the batch, and what stood there. */
  readonly masked: Int32Array;
  readonly targets: Int32Array;
}

/** Windows of a text; in training eight of ten chosen places are masked, one is another byte, one stays (Devlin et al. 2018). */
function maskingAt(text: Uint8Array, step: number, seed: number, training: boolean): Masking {
  const tokens = new Int32Array(rows * length);
  const [masked, targets]: [number[], number[]] = [[], []];
  for (let row = 0; row < rows; row++) {
    const word = (i: number, stream: number): number => philox([i, stream, row, step], [seed, 0])[0];
    const from = word(0, 0) % (text.length - length);
    tokens.set(text.subarray(from, from + length), row * length);
    const order = Array.from({ length }, (_, i) => ({ i, key: word(i, 1) })).toSorted((a, b) => a.key - b.key);
    for (const { i } of order.slice(0, maskedOfRow)) {
      const at = row * length + i;
      masked.push(at);
      targets.push(tokens[at]);
      const kind = training ? word(i, 2) % 10 : 0;
      if (kind < 8) tokens[at] = mask;
      else if (kind === 8) tokens[at] = word(i, 3) % 256;
    }
  }
  return { tokens, masked: Int32Array.from(masked), targets: Int32Array.from(targets) };
}

/** How often the commonest byte in a context is the right one, of contexts that a count sees even where they are masked. */
function byCounts({ train, test }: Texts, contextAt: (text: Uint8Array, i: number) => number): number {
  const counts = new Map<number, Map<number, number>>();
  for (let i = 1; i + 1 < train.length; i++) {
    const seen = counts.get(contextAt(train, i)) ?? new Map<number, number>();
    counts.set(contextAt(train, i), seen.set(train[i], (seen.get(train[i]) ?? 0) + 1));
  }
  const best = new Map(
    [...counts].map(([context, seen]) => [context, [...seen].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]),
  );
  let right = 0;
  for (let i = 1; i + 1 < test.length; i++) right += Number(best.get(contextAt(test, i)) === test[i]);
  return right / (test.length - 2);
}

it('fills in what was masked', async ({ skip }) => {
  const texts = await mobyDick();
  if (texts === undefined) return skip();
  const count = rows * maskedOfRow;
  const ids = (shape: readonly number[]) => ({ dtype: 'int32', shape }) as const;
  const sequence = [rows, length];
  const inputTypes = { tokens: ids(sequence), positions: ids(sequence), segments: ids(sequence) };
  const positions = Int32Array.from({ length: rows * length }, (_, i) => i % length);
  const fixed = { positions, segments: new Int32Array(rows * length) };
  const backend = nativeBackend({
    threads: 2,
    isa: chooseIsa(undefined),
    form: 'widened',
  });
  const { losses, parameters } = await trainModel({
    backend,
    // The deviation of 0.02 is that of a model eight times as wide.
    parameters: bertParameters(config).map((spec) =>
      spec.start.kind === 'normal' ? { ...spec, start: { kind: 'normal', deviation: 0.05 } } : spec,
    ),
    seed: 1,
    inputs: {
      ...inputTypes,
      masked: ids([count]),
      targets: ids([count]),
      weights: { dtype: 'float32', shape: [count] },
    },
    loss: (of, { tokens, positions, segments, masked, targets, weights }) =>
      bertLoss(config, of, { tokens, positions, segments, masked, targets, weights }).loss,
    batch: (step) => ({
      ...fixed,
      ...maskingAt(texts.train, step, 1, true),
      weights: new Float32Array(count).fill(1 / count),
    }),
    steps,
    learningRate: 0.003,
  });

  const graph = trace((t) => {
    const of: Parameters = new Map(
      bertParameters(config).map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]),
    );
    const inputs = Object.entries(inputTypes).map(([name, type]): [string, Tensor] => [name, input(t, name, type)]);
    const { tokens, positions, segments } = Object.fromEntries(inputs);
    return { outputs: { logits: bertLogits(config, of, { tokens, positions, segments }) } };
  });
  const executable = backend.compile(graph);
  let right = 0;
  const batches = 12;
  for (let step = 0; step < batches; step++) {
    const { tokens, masked, targets } = maskingAt(texts.test, step, 2, false);
    const { logits } = await backend.run(executable, { ...Object.fromEntries(parameters), ...fixed, tokens });
    right += masked.filter((at, i) => {
      const scores = logits.subarray(at * config.vocabularySize, (at + 1) * config.vocabularySize);
      return scores.indexOf(scores.reduce((a, b) => Math.max(a, b))) === targets[i];
    }).length;
  }
  const accuracy = right / (batches * count);
  const error = Math.sqrt((accuracy * (1 - accuracy)) / (batches * count));
  const unigram = byCounts(texts, () => 0);
  const before = byCounts(texts, (text, i) => text[i - 1]);
  const both = byCounts(texts, (text, i) => text[i - 1] * 256 + text[i + 1]);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  process.stderr.write(
    `BERT: ${percent(accuracy)} (± ${percent(error)}) of ${batches * count} masked characters, loss ${losses[0].toFixed(2)} → ${(losses.at(-1) ?? 0).toFixed(2)}; counts: no context ${percent(unigram)}, the byte before ${percent(before)}, both neighbours unmasked ${percent(both)}\n`,
  );
  expect(accuracy).toBeGreaterThan(before + 0.12);
});
