/** LSTM and GRU: values and gradients over shapes, directions and ragged batches; PyTorch's own; the cut over members. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends, isas, native } from '../testing/backends.js';
import {
  type Body,
  checkGradient,
  checkKernels,
  checkShapes,
  evaluate,
  graphOf,
  size,
  type Tensors,
} from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectSameBits } from '../testing/close.js';
import type { Specs } from '../testing/draw.js';
import { type GoldenCase, golden } from '../testing/golden.js';
import type { Tensor } from '../trace/trace.js';
import { add } from './add.js';
import { concatenate } from './concatenate.js';
import { constant } from './constant.js';
import { gru } from './gru.js';
import { linear } from './linear.js';
import { lstm } from './lstm.js';
import { multiply } from './multiply.js';

const scaled = (x: Tensor, value: number): Tensor =>
  multiply(x, constant(x.trace, { value, shape: [], dtype: x.dtype }));

/** Weights are scaled as they are in models, so that gates are not saturated at any width. */
const bodies = (reverse: boolean): Readonly<Record<'lstm' | 'gru', Body>> => ({
  lstm: ({ x, inputWeight, weight, initialHidden, initialCell, lengths }) => {
    const units = weight.shape[1] ?? 1;
    const gates = linear(x, inputWeight);
    const by = 0.7 / Math.sqrt(Math.max(1, units));
    return lstm({ gates, weight: scaled(weight, by), initialHidden, initialCell, lengths, reverse });
  },
  gru: ({ x, inputWeight, weight, bias, initialHidden, lengths }) => {
    const units = weight.shape[1] ?? 1;
    const gates = linear(x, inputWeight);
    const by = 0.7 / Math.sqrt(Math.max(1, units));
    return gru({ gates, weight: scaled(weight, by), bias, initialHidden, lengths, reverse });
  },
});
const kinds = ['lstm', 'gru'] as const;

function specsOf(kind: 'lstm' | 'gru', [batch, time, units]: readonly [number, number, number]): Specs {
  const gates = (kind === 'lstm' ? 4 : 3) * units;
  return {
    x: { shape: [batch, time, 2] },
    inputWeight: { shape: [gates, 2] },
    weight: { shape: [gates, units] },
  };
}
const states = (kind: 'lstm' | 'gru', batch: number, units: number): Specs => ({
  initialHidden: { shape: [batch, units] },
  ...(kind === 'lstm' ? { initialCell: { shape: [batch, units] } } : { bias: { shape: [3 * units] } }),
});
const lengthsOf = (batch: number, time: number): Specs => ({
  lengths: { shape: [batch], dtype: 'int32', below: time + 2 },
});
const shapes = fc.tuple(size(19), size(5), size(70));

describe.each(kinds)('%s', (kind) => {
  it.each([false, true])('is its definition on every size, reverse: %s', (reverse) =>
    checkShapes(shapes, (shape) => ({ specs: specsOf(kind, shape), body: bodies(reverse)[kind] }), 4),
  );
  it.each([false, true])('is its definition from given states on ragged batches, reverse: %s', (reverse) =>
    checkShapes(
      shapes,
      (shape) => {
        const [batch, time, units] = shape;
        const specs = { ...specsOf(kind, shape), ...states(kind, batch, units), ...lengthsOf(batch, time) };
        return { specs, body: bodies(reverse)[kind] };
      },
      4,
    ),
  );
  it('is its definition where members own units, and where they own rows', async () => {
    for (const shape of [
      [3, 2, 150],
      [40, 2, 33],
    ] as const)
      await checkKernels({ specs: specsOf(kind, shape), body: bodies(false)[kind] });
  });
  it.each([false, true])('has the gradient of finite differences, reverse: %s', (reverse) => {
    const specs = { ...specsOf(kind, [2, 3, 2]), ...states(kind, 2, 2) };
    checkGradient(specs, bodies(reverse)[kind]);
    checkGradient({ ...specs, lengths: { shape: [2], dtype: 'int32', values: [3, 1] } }, bodies(reverse)[kind]);
  });

  it('goes on where it stopped: from the last states of the first steps', async () => {
    const [first, rest, units] = [3, 4, 21];
    const specs = (time: number) => ({ ...specsOf(kind, [1, time, units]), ...states(kind, 1, units) });
    const at = (seed: number, length: number) =>
      Float64Array.from({ length }, (_, i) => Math.fround(Math.sin(seed * (i + 1))));
    const gates = (kind === 'lstm' ? 4 : 3) * units;
    const values = {
      inputWeight: at(1.3, gates * 2),
      weight: at(0.7, gates * units),
      ...(kind === 'lstm' ? { initialCell: at(2.9, units) } : { bias: at(3.1, gates) }),
      initialHidden: at(2.3, units),
    };
    const x = at(1.9, (first + rest) * 2);
    for (const isa of isas()) {
      const run = (time: number, given: Readonly<Record<string, Float64Array>>) =>
        evaluate(native(isa), graphOf(specs(time), bodies(false)[kind]), { ...values, ...given });
      const all = await run(first + rest, { x });
      const head = await run(first, { x: x.slice(0, first * 2) });
      const tail = await run(rest, {
        x: x.slice(first * 2),
        initialHidden: Float64Array.from(head['lastHidden']),
        ...(kind === 'lstm' ? { initialCell: Float64Array.from(head['lastCell']) } : {}),
      });
      expectSameBits(Float32Array.of(...head['h'], ...tail['h']), all['h'], isa);
    }
  });

  it('of one step is products and elementwise ops: what the scan gives, and its gradients', async () => {
    const specs = { ...specsOf(kind, [3, 1, 21]), ...states(kind, 3, 21) };
    const step = graphOf(specs, bodies(false)[kind]);
    expect(step.nodes.some((node) => node.kind === kind)).toBe(false);
    const ragged = graphOf(
      { ...specs, lengths: { shape: [3], dtype: 'int32', values: [1, 1, 1] } },
      bodies(false)[kind],
    );
    expect(ragged.nodes.some((node) => node.kind === kind)).toBe(true);
    const values = Object.fromEntries(
      Object.entries(specs).map(([name, { shape }], seed) => [
        name,
        Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin((seed + 1.7) * (i + 1))),
      ]),
    );
    const backend = native(isas()[0] ?? 'baseline');
    const [one, scan] = [
      await evaluate(backend, step, values),
      await evaluate(backend, ragged, { ...values, lengths: Float64Array.of(1, 1, 1) }),
    ];
    for (const [name, expected] of Object.entries(scan))
      for (const [i, value] of one[name].entries()) expect(Math.abs(value - expected[i]), name).toBeLessThan(1e-6);
    checkGradient({ ...specsOf(kind, [2, 1, 3]), ...states(kind, 2, 3) }, bodies(false)[kind]);
  });

  it('refuses a state of another width', () =>
    expect(() =>
      graphOf(
        { ...specsOf(kind, [2, 3, 4]), ...states(kind, 2, 4), initialHidden: { shape: [2, 5] } },
        bodies(false)[kind],
      ),
    ).toThrow(/SHAPE_MISMATCH/));
});

/** Layers as torch.nn.LSTM and GRU stack them: each reads the states of the one before, both directions side by side. */
function stacked(
  kind: 'lstm' | 'gru',
  inputs: Tensors,
  { layers, bidirectional, last }: GoldenCase['attributes'],
): Tensor {
  let x = inputs['x'];
  let final: readonly Tensor[] = [];
  for (let layer = 0; layer < Number(layers); layer++) {
    const made = (bidirectional ? [false, true] : [false]).map((reverse) => {
      const of = (name: string): Tensor => inputs[`${name}${layer}${reverse ? 'Reverse' : ''}`];
      const { initialHidden, initialCell, lengths } = inputs;
      const [weight, bias] = [of('hiddenWeight'), of('hiddenBias')];
      if (kind === 'gru') {
        const gates = linear(x, of('inputWeight'), of('inputBias'));
        const { h, lastHidden } = gru({ gates, weight, bias, initialHidden, lengths, reverse });
        return { h, final: [lastHidden] };
      }
      const gates = linear(x, of('inputWeight'), add(of('inputBias'), bias));
      const { h, lastHidden, lastCell } = lstm({ gates, weight, initialHidden, initialCell, lengths, reverse });
      return { h, final: [lastHidden, lastCell] };
    });
    x =
      made.length === 1
        ? made[0].h
        : concatenate(
            made.map(({ h }) => h),
            2,
          );
    final = made[0].final;
  }
  if (!last) return x;
  return final.length === 1 ? final[0] : concatenate(final, 1);
}

describe.each(backends())('PyTorch, on $name', (backend) =>
  describe.each(kinds)('%s', (kind) =>
    it.each(['', 'TwoLayers', 'Bidirectional', 'BidirectionalRagged', 'LastRagged'])('%s', (name) =>
      checkGolden(backend, golden('recurrent-cells')[`${kind}${name}`], (inputs, attributes) =>
        stacked(kind, inputs, attributes),
      ),
    ),
  ),
);
