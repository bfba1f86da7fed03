// Holds the whole path (model function, gradients, passes, kernels, optimiser) to PyTorch: golden files of three tiny GPTs,
// made by scripts/golden/gpt.py.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Backend,
  chooseIsa,
  constant,
  gradient,
  input,
  loadAddon,
  nativeBackend,
  referenceBackend,
  trace,
} from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSafetensors } from '../formats/index.js';
import { type GptConfig, gptLogits, gptLoss, gptParameters } from '../models/index.js';
import { positionsOf } from './batches.js';
import { defaultOptimiser } from './optimisers/index.js';
import { createTrainer } from './trainer.js';

const golden = z.object({
  config: z.custom<GptConfig>(),
  optimiser: z.object({
    learningRate: z.number(),
    beta1: z.number(),
    beta2: z.number(),
    epsilon: z.number(),
    weightDecay: z.number(),
    clip: z.number(),
  }),
  losses: z.array(z.number()),
  gradientNorms: z.array(z.number()),
  /** Rows whose gradient is exactly zero (softmax does not see a bias on the keys): rounding alone moves them. */
  zeroGradient: z.array(z.object({ name: z.string(), from: z.number(), to: z.number() })),
  batches: z.array(z.object({ tokens: z.array(z.array(z.number())), weights: z.array(z.array(z.number())) })),
});

const folder = fileURLToPath(new URL('../models/fixtures/', import.meta.url));

function load(name: string) {
  const file = openSafetensors(`${folder}${name}.safetensors`);
  const read = (tensor: string): Float32Array => new Float32Array(file.read(tensor).slice().buffer);
  return { ...golden.parse(JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8'))), read };
}

const batchOf = ({ tokens, weights }: z.infer<typeof golden>['batches'][number]) => {
  const total = weights.flat().reduce((a, b) => a + b, 0);
  const length = (tokens[0]?.length ?? 1) - 1;
  return {
    tokens: Int32Array.from(tokens.flatMap((row) => row.slice(0, -1))),
    targets: Int32Array.from(tokens.flatMap((row) => row.slice(1))),
    positions: positionsOf(tokens.length, length),
    weights: Float32Array.from(weights.flat(), (weight) => weight / total),
  };
};

/** Greatest difference, relative to the greatest magnitude. */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let wrong = 0;
  let scale = 1e-30;
  for (let i = 0; i < b.length; i++) {
    wrong = Math.max(wrong, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? 0)));
    scale = Math.max(scale, Math.abs(b[i] ?? 0));
  }
  return Number.isNaN(wrong) ? Number.POSITIVE_INFINITY : wrong / scale;
};

const backends: readonly (readonly [string, () => Backend])[] = [
  ['reference', referenceBackend],
  ...loadAddon().isas.map((isa): readonly [string, () => Backend] => [
    `native ${isa}`,
    () => nativeBackend({ threads: 2, isa: chooseIsa(isa), form: 'widened' }),
  ]),
];
const cases = ['gpt-tiny-gpt2', 'gpt-tiny-llama', 'gpt-tiny-quickstart'];

describe.each(cases)('%s against PyTorch', (name) => {
  const the = load(name);
  const [first] = the.batches;
  if (first === undefined) throw new Error('a golden file has batches');
  const batch = batchOf(first);
  const [sequences, length] = [first.tokens.length, (first.tokens[0]?.length ?? 1) - 1];
  const specs = gptParameters(the.config);

  it.each(backends)('has its logits, loss and gradients to 1e-5 on %s', async (_, make) => {
    const backend = make();
    const graph = trace((t) => {
      const ids = (id: string, shape: readonly number[]) => input(t, id, { dtype: 'int32', shape });
      const parameters = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
      const inputs = { tokens: ids('tokens', [sequences, length]), positions: ids('positions', [sequences, length]) };
      const { loss } = gptLoss(the.config, parameters, {
        ...inputs,
        targets: ids('targets', [sequences * length]),
        weights: input(t, 'weights', { dtype: 'float32', shape: [sequences * length] }),
      });
      const gradients = gradient(
        loss,
        [...parameters.values()],
        constant(t, { value: 1, shape: [], dtype: 'float32' }),
      );
      const outputs = Object.fromEntries(
        gradients.flatMap((value, i) => (value === undefined ? [] : [[`gradient.${specs[i]?.path}`, value]])),
      );
      return { outputs: { ...outputs, loss, logits: gptLogits(the.config, parameters, inputs) } };
    });
    const initial = Object.fromEntries(specs.map(({ path }) => [path, the.read(`initial.${path}`)]));
    const found = await backend.run(backend.compile(graph), { ...initial, ...batch });
    expect(Math.abs((found['loss']?.[0] ?? Number.NaN) / (the.losses[0] ?? 1) - 1)).toBeLessThan(1e-5);
    expect(difference(found['logits'] ?? [], the.read('logits'))).toBeLessThan(1e-5);
    for (const { path } of specs)
      expect(difference(found[`gradient.${path}`] ?? [], the.read(`gradient.${path}`)), path).toBeLessThan(1e-5);
  });

  it.each(backends.slice(-1))('follows its 50 AdamW steps to 1e-4 on %s', async (_, make) => {
    const { learningRate, clip, ...adam } = the.optimiser;
    const shape = {
      model: the.config,
      optimiser: { ...defaultOptimiser, ...adam, kind: 'adamw' as const },
      sequences,
      length,
      clip,
      clipValue: 0,
      seed: 1,
      packed: false,
    };
    const trainer = createTrainer({ backend: make(), precision: 'float32', shape, microBatches: 1 });
    for (const { path } of specs) {
      const buffer = trainer.state.get(`parameter:${path}`);
      if (buffer !== undefined) trainer.backend.write(buffer, the.read(`initial.${path}`));
    }
    for (const [step, given] of the.batches.entries()) {
      const { loss, gradientNorm } = await trainer.step([batchOf(given)], {
        step,
        learningRate,
        matrixRate: 0,
        lossScale: 1,
      });
      expect(Math.abs(loss / (the.losses[step] ?? 1) - 1)).toBeLessThan(1e-4);
      expect(Math.abs(gradientNorm / (the.gradientNorms[step] ?? 1) - 1)).toBeLessThan(1e-3);
    }
    for (const { path } of specs) {
      const buffer = trainer.state.get(`parameter:${path}`);
      const ours = buffer === undefined ? new Float32Array() : Float32Array.from(trainer.backend.read(buffer));
      const theirs = the.read(`final.${path}`);
      for (const { name: exempt, from, to } of the.zeroGradient)
        if (exempt === path) ours.set(theirs.subarray(from, to), from);
      expect(difference(ours, theirs), path).toBeLessThan(1e-4);
    }
  });
});
