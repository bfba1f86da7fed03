import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagramOf, layersOf } from './architecture.js';
import { countParameters, forwardFlopsAt } from './counts.js';
import type { GptConfig } from './gpt-config.js';
import { type PresetName, presets } from './presets.js';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('the parts of a model', () => {
  it.each<[PresetName, number]>([
    ['gpt2', 124_439_808],
    ['gpt2-medium', 354_823_168],
    ['gpt2-large', 774_030_080],
    ['gpt2-xl', 1_557_611_200],
    ['llama-2-7b', 6_738_415_616],
    ['llama-3-8b', 8_030_261_248],
    ['mistral-7b', 7_241_732_096],
    ['tinyllama-1.1b', 1_100_048_384],
    ['smollm2-135m', 134_515_008],
  ])('%s has its published number of parameters: %i', (name, total) => {
    const layers = layersOf(presets[name]);
    expect(sum(layers.map(({ parameters }) => parameters))).toBe(total);
    expect(new Set(layers.map(({ path }) => path)).size).toBe(layers.length);
  });

  it('add up to the counts of the whole, whatever the choices', () =>
    fc.assert(
      fc.property(
        fc.record({
          vocabularySize: fc.integer({ min: 1, max: 99 }),
          contextLength: fc.integer({ min: 1, max: 32 }),
          depth: fc.nat(3),
          width: fc.integer({ min: 1, max: 32 }),
          keyValueHeads: fc.integer({ min: 1, max: 3 }),
          headWidth: fc.integer({ min: 1, max: 8 }),
          feedForwardWidth: fc.integer({ min: 1, max: 40 }),
          positions: fc.constantFrom('learned', 'rotary'),
          norm: fc.constantFrom('layer', 'rms'),
          activation: fc.constantFrom('gelu', 'relu-squared', 'swiglu'),
          biases: fc.boolean(),
          tiedEmbeddings: fc.boolean(),
          outputBias: fc.boolean(),
          queryKeyNorm: fc.boolean(),
          experts: fc.option(
            fc.record({
              count: fc.integer({ min: 2, max: 5 }),
              active: fc.integer({ min: 1, max: 2 }),
              capacityFactor: fc.constant(0),
              scoring: fc.constant('softmax'),
              normalise: fc.constant(true),
              balance: fc.constant(0),
              routerZ: fc.constant(0),
            }),
            { nil: undefined },
          ),
        }),
        fc.integer({ min: 1, max: 20 }),
        (choices, seen) => {
          const config: GptConfig = { ...presets.gpt2, ...choices, heads: 2 * choices.keyValueHeads };
          const layers = layersOf(config, seen);
          expect(sum(layers.map(({ parameters }) => parameters))).toBe(countParameters(config).total);
          expect(sum(layers.map(({ flopsPerToken }) => flopsPerToken))).toBe(forwardFlopsAt(config, seen - 1));
        },
      ),
    ));

  it('come in the order in which a token meets them', () =>
    expect(
      layersOf({ ...presets.gpt2, depth: 1 }).map(({ path, kind, shape }) => `${path} ${kind} ${shape.join('×')}`),
    ).toEqual([
      'embedding.token embedding 50257×768',
      'embedding.position embedding 1024×768',
      'blocks.0.attention.norm norm 768',
      'blocks.0.attention.qkv linear 2304×768',
      'blocks.0.attention attention ',
      'blocks.0.attention.output linear 768×768',
      'blocks.0.feedForward.norm norm 768',
      'blocks.0.feedForward.up linear 3072×768',
      'blocks.0.feedForward.down linear 768×3072',
      'norm norm 768',
      'head head 50257×768',
    ]));

  it('are drawn: blocks with two branches around the stream', () => {
    const { before, blocks, branches, after } = diagramOf(presets['llama-3-8b']);
    expect([
      before.length,
      blocks,
      branches.map((parts) => parts.map(({ name }) => name)),
      after.at(-1)?.detail,
    ]).toEqual([
      1,
      32,
      [
        ['RMSNorm', 'queries, keys, values', 'rotary positions', 'causal attention', 'output'],
        ['RMSNorm', 'up and gate', 'SwiGLU gate', 'down'],
      ],
      '128256 × 4096',
    ]);
    expect(diagramOf(presets.gpt2).after.at(-1)?.detail).toBe('50257 × 768, the token embedding');
  });
});
