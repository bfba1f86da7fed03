import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockOf, groupedLayers, partsOf } from './architecture.js';
import { countParameters, forwardFlopsAt } from './counts.js';
import { diagramOf } from './diagram.js';
import type { GptConfig } from './gpt-config.js';
import { functionOf, type Model, outputGraph } from './model-function.js';
import { type PresetName, presets } from './presets.js';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const read = (model: Model, length: number) => {
  const face = functionOf(model);
  const graph = outputGraph(face, { sequences: 1, length });
  return { graph, parts: partsOf(graph, face.parameters, length) };
};
const layersOf = (model: Model, length: number) => read(model, length).parts.layers;
const drawn = (name: PresetName, tokens: readonly string[] = ['tokens']) => {
  const { graph, parts } = read(presets[name], 8);
  return diagramOf(graph, parts, tokens);
};
/** A drawing as words: `title: a b, (c d | e) → f`. */
const words = (name: PresetName, tokens?: readonly string[]) =>
  drawn(name, tokens).map(({ sections }) =>
    sections.map(({ title, count, steps }) => {
      const all = steps.map(({ branches, kept, part }) =>
        branches.length === 0
          ? part.name
          : `(${branches.map((branch) => branch.map((one) => one.name).join(' ')).join(' | ')})${kept ? ' beside' : ''} → ${part.name}`,
      );
      return `${title === '' ? '' : `${count} of ${title}: `}${all.join(', ')}`;
    }),
  );

describe('the parts of a model', () => {
  it.each<[PresetName, number]>([
    ['gpt2', 124_439_808],
    ['gpt2-medium', 354_823_168],
    ['gpt2-large', 774_030_080],
    ['gpt2-xl', 1_557_611_200],
    ['llama-2-7b', 6_738_415_616],
    ['llama-3-8b', 8_030_261_248],
    ['mistral-7b', 7_241_732_096],
    ['mixtral-8x7b', 46_702_792_704],
    ['tinyllama-1.1b', 1_100_048_384],
    ['smollm2-135m', 134_515_008],
    // With the masked-language head, as BertForMaskedLM and T5ForConditionalGeneration of transformers 5.24 count them.
    ['bert-base', 109_514_298],
    ['bert-large', 335_174_458],
    ['t5-small', 60_506_624],
    ['t5-base', 222_903_552],
    ['t5-large', 737_668_096],
    // Zaremba et al. 2014 have one bias where there are two here.
    ['lstm-medium', 19_775_200 + 2 * 4 * 650],
    ['lstm-large', 66_022_000 + 2 * 4 * 1500],
    ['text-cnn', 18_765 * 300 + 100 * 300 * (3 + 4 + 5) + 300 + 2 * 300 + 2],
  ])('%s has its published number of parameters: %i', (name, total) => {
    const layers = layersOf(presets[name], 4);
    expect(sum(layers.map(({ parameters }) => parameters))).toBe(total);
    expect(new Set(layers.map(({ path }) => path)).size).toBe(layers.length);
  });

  it.each<PresetName>(['gru-medium', 'lstm-tagger', 'linear-recurrence'])(
    '%s: every parameter counts once, each part has its row',
    (name) => {
      const { parameters } = functionOf(presets[name]);
      const layers = layersOf(presets[name], 4);
      expect(sum(layers.map((layer) => layer.parameters))).toBe(
        sum(parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1))),
      );
      const rows = groupedLayers(layers);
      expect(sum(rows.map(({ count }) => count))).toBe(layers.length);
      expect(rows.length).toBeLessThan(16);
    },
  );

  it('of a GPT add up to the counts and operations of its arithmetic, whatever the choices', () =>
    fc.assert(
      fc.property(
        fc.record({
          vocabularySize: fc.integer({ min: 1, max: 99 }),
          contextLength: fc.integer({ min: 1, max: 32 }),
          depth: fc.nat(2),
          width: fc.integer({ min: 1, max: 32 }),
          keyValueHeads: fc.integer({ min: 1, max: 3 }),
          headWidth: fc.integer({ min: 1, max: 4 }).map((half) => 2 * half),
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
        (choices, length) => {
          const config: GptConfig = { ...presets.gpt2.config, ...choices, heads: 2 * choices.keyValueHeads };
          const layers = layersOf({ architecture: 'gpt', config }, length);
          const { total, active } = countParameters(config);
          expect(sum(layers.map(({ parameters }) => parameters))).toBe(total);
          expect(sum(layers.map((layer) => layer.active))).toBe(active);
          expect(sum(layers.map(({ flops }) => flops))).toBe(
            sum(Array.from({ length }, (_, position) => forwardFlopsAt(config, position))),
          );
        },
      ),
      { numRuns: 25 },
    ));

  it('come in the order in which a token meets them, with the operations of all tokens', () =>
    expect(
      layersOf({ architecture: 'gpt', config: { ...presets.gpt2.config, depth: 1 } }, 10).map(
        ({ path, kind, shape, flops }) => `${path} ${kind} ${shape.join('×')} ${flops}`,
      ),
    ).toEqual([
      'embedding.token embedding 50257×768 0',
      'embedding.position embedding 1024×768 0',
      'blocks.0.attention.norm layerNorm 768 0',
      `blocks.0.attention.qkv linear 2304×768 ${10 * 2 * 2304 * 768}`,
      // Two products of 12 · 64 channels over the 55 pairs that the mask leaves.
      `blocks.0.attention attention  ${4 * 768 * 55}`,
      `blocks.0.attention.output linear 768×768 ${10 * 2 * 768 * 768}`,
      'blocks.0.feedForward.norm layerNorm 768 0',
      `blocks.0.feedForward.up linear 3072×768 ${10 * 2 * 3072 * 768}`,
      `blocks.0.feedForward.down linear 768×3072 ${10 * 2 * 3072 * 768}`,
      'norm layerNorm 768 0',
      `head linear 50257×768 ${10 * 2 * 50257 * 768}`,
    ]));

  it('operations of other architectures: both ways, across, filters, recurrences', () => {
    const flopsOf = (name: PresetName, length: number) =>
      Object.fromEntries(layersOf(presets[name], length).map(({ path, flops }) => [path, flops]));
    expect(flopsOf('bert-base', 10)['blocks.0.attention']).toBe(4 * 768 * 100);
    expect(flopsOf('t5-small', 10)).toMatchObject({
      'encoder.blocks.0.attention': 4 * 512 * 100,
      'decoder.blocks.0.attention': 4 * 512 * 55,
      'decoder.blocks.0.cross': 4 * 512 * 100,
    });
    expect(flopsOf('text-cnn', 10)['convolutions.4']).toBe(10 * 2 * 100 * 4 * 300);
    expect(flopsOf('lstm-medium', 10)['layers.1.hidden']).toBe(10 * 2 * 4 * 650 * 650);
    expect(flopsOf('linear-recurrence', 10)['blocks.1.recurrence.convolution']).toBe(10 * 2 * 128 * 4);
  });

  it('equal parts of blocks are one row', () => {
    const rows = groupedLayers(layersOf(presets['t5-small'], 4));
    expect(rows.find(({ path }) => path === 'decoder.blocks.0…5.cross.query')?.count).toBe(6);
    expect([blockOf('head'), blockOf('blocks.12')]).toEqual([undefined, { base: 'blocks.', index: 12, rest: '' }]);
  });
});

describe('the drawing', () => {
  it.each<[PresetName, readonly string[]]>([
    [
      'gpt2',
      [
        'embedding.token, + embedding.position',
        '12 of blocks.0…11: (attention.norm attention.qkv attention attention.output) beside → add, (feedForward.norm feedForward.up geluTanh feedForward.down) beside → add',
        'norm, head',
      ],
    ],
    [
      'bert-base',
      [
        'embedding.token, + embedding.position, + embedding.segment, embedding.norm',
        '12 of blocks.0…11: (attention.qkv attention attention.output) beside → add, attention.norm, (feedForward.up gelu feedForward.down) beside → add, feedForward.norm',
        'head.transform, gelu, head.norm, head',
      ],
    ],
    [
      'text-cnn',
      [
        'embedding.token, (convolutions.3 extreme, add, relu | convolutions.4 extreme, add, relu | convolutions.5 extreme, add, relu) → concatenate, head',
      ],
    ],
    ['lstm-medium', ['embedding.token', '2 of layers.0…1: input, hidden', 'head']],
    [
      'lstm-tagger',
      [
        'embedding.token',
        '1 of layers.0: (forward.input forward.hidden | backward.input backward.hidden) → concatenate',
        'head, crf.transitions',
      ],
    ],
  ])('of %s has its blocks once and its branches beside the stream', (name, expected) =>
    expect(words(name)).toEqual([expected]),
  );

  it('of an encoder–decoder has two streams, the second with what it reads of the first', () => {
    const [encoder = [], decoder = []] = words('t5-small', ['source', 'said']);
    expect(encoder).toEqual([
      'embedding.token, encoder.distance',
      '6 of encoder.blocks.0…5: (attention.norm attention.query attention.keyValue attention attention.output) beside → add, (feedForward.norm feedForward.up relu feedForward.down) beside → add',
      'encoder.norm',
    ]);
    expect(decoder[1]).toMatch(
      /^6 of decoder\.blocks\.0…5: .*\(cross\.norm cross\.query cross\.keyValue cross cross\.output\) beside → add, /,
    );
  });

  it('says sizes: heads, groups of them, matrices, biases', () => {
    const details = drawn('llama-3-8b').flatMap(({ sections }) =>
      sections.flatMap(({ steps }) => steps.flatMap(({ branches }) => branches.flat().map(({ detail }) => detail))),
    );
    expect(details).toContain('32 heads of 128, 8 of keys and values, causal');
    expect(details).toContain('linear 14336 × 4096');
  });
});
