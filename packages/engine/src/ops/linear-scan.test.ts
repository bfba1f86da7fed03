/** The gated linear recurrence: values, gradients, directions, and a scan cut into two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../backends/reference/reference.js';
import { backends, isas, native } from '../testing/backends.js';
import { type Body, checkGradient, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose, expectSameBits, tolerance } from '../testing/close.js';
import { golden } from '../testing/golden.js';
import { linearScan } from './linear-scan.js';
import { sigmoid } from './sigmoid.js';

const body =
  (reverse: boolean): Body =>
  ({ a, b, initial }) => ({ h: linearScan(sigmoid(a), b, { initial, reverse }) });
const without: Body = ({ a, b }) => ({ h: linearScan(sigmoid(a), b) });
const specs = (batch: number, time: number, channels: number) => ({
  a: { shape: [batch, time, channels] },
  b: { shape: [batch, time, channels] },
  initial: { shape: [batch, channels] },
});

describe('linearScan', () => {
  it.each([false, true])('is its definition on every size, reverse: %s', (reverse) =>
    checkShapes(fc.tuple(size(3), size(9, 1), size(140)), ([batch, time, channels]) => ({
      specs: specs(batch, time, channels),
      body: body(reverse),
    })),
  );
  it('is its definition without an initial state', () =>
    checkShapes(fc.tuple(size(3), size(9, 1), size(70)), ([batch, time, channels]) => {
      const { a, b } = specs(batch, time, channels);
      return { specs: { a, b }, body: without };
    }));
  it.each([false, true])('has the gradient of finite differences, reverse: %s', (reverse) =>
    checkGradient(specs(2, 3, 2), body(reverse)),
  );

  it('keeps a state over 1,000 steps: a decay of 1 − 2⁻¹⁰ is not rounded to 1 in mixed precision', async () => {
    const steps = 1000;
    const graph = graphOf({ a: { shape: [1, steps, 1] }, b: { shape: [1, steps, 1] } }, ({ a, b }) => ({
      h: linearScan(a, b),
    }));
    const values = {
      a: new Float64Array(steps).fill(1 - 2 ** -10),
      b: Float64Array.from({ length: steps }, (_, t) => Number(t === 0)),
    };
    for (const isa of isas()) {
      const { h } = await evaluate(native(isa), graph, values, 'bfloat16');
      expect(h[steps - 1]).toBeCloseTo((1 - 2 ** -10) ** (steps - 1), 2);
    }
  });

  it('goes on where it stopped: a scan from the last state of another is the whole', async () => {
    const [first, rest, channels] = [5, 7, 37];
    const whole = graphOf(specs(1, first + rest, channels), body(false));
    const part = (time: number) => graphOf(specs(1, time, channels), body(false));
    const at = (seed: number, length: number) =>
      Float64Array.from({ length }, (_, i) => Math.fround(Math.sin(seed * (i + 1))));
    const [a, b, initial] = [at(1.7, (first + rest) * channels), at(2.3, (first + rest) * channels), at(0.9, channels)];
    const cut = first * channels;
    for (const isa of isas()) {
      const backend = native(isa);
      const all = await evaluate(backend, whole, { a, b, initial });
      const head = await evaluate(backend, part(first), { a: a.slice(0, cut), b: b.slice(0, cut), initial });
      const state = Float64Array.from(head.h.slice(cut - channels));
      const tail = await evaluate(backend, part(rest), { a: a.slice(cut), b: b.slice(cut), initial: state });
      expectSameBits(Float32Array.of(...head.h, ...tail.h), all.h, isa);
      expectClose(all.h, (await evaluate(referenceBackend(), whole, { a, b, initial })).h, tolerance.float32);
    }
  });

  it('refuses an initial state of another width', () =>
    expect(() => graphOf({ ...specs(2, 3, 4), initial: { shape: [2, 5] } }, body(false))).toThrow(/SHAPE_MISMATCH/));
});

describe.each(backends())('PyTorch, on $name', (backend) =>
  it.each(['linearScan', 'linearScanReverse'])('%s', (name) =>
    checkGolden(backend, golden('recurrence')[name], ({ a, b, initial }, { reverse }) =>
      linearScan(a, b, { initial, reverse: Boolean(reverse) }),
    ),
  ),
);
