/** The linear-chain conditional random field: loss, gradients and the best tags, against every sequence of tags. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose } from '../testing/close.js';
import type { Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { crf } from './crf.js';
import { crfDecode } from './crf-decode.js';

const specs = (batch: number, time: number, tags: number): Specs => ({
  x: { shape: [batch, time, tags] },
  transitions: { shape: [tags, tags] },
  start: { shape: [tags] },
  end: { shape: [tags] },
  lengths: {
    shape: [batch],
    dtype: 'int32',
    values: Array.from({ length: batch }, (_, b) => Math.max(0, time - (b % 4))),
  },
  tags: { shape: [batch, time], dtype: 'int32', below: tags },
});
const loss: Body = ({ x, transitions, start, end, lengths, tags }) => ({
  losses: crf({ x, transitions, start, end, lengths, tags }),
});
const decode: Body = ({ x, transitions, start, end, lengths }) => crfDecode({ x, transitions, start, end, lengths });

describe('crf', () => {
  it('has the gradient of finite differences', () => {
    checkGradient(specs(3, 4, 3), loss);
    checkGradient(specs(1, 1, 2), loss);
  });
  it('is its definition on every size', () =>
    checkShapes(
      fc.tuple(size(5), size(20), size(20, 1)),
      ([batch, time, tags]) => ({ specs: specs(batch, time, tags), body: loss, factor: 2 }),
      8,
    ));
  it('is its definition over more sequences than blocks, and over a long one', async () => {
    await checkKernels({ specs: specs(37, 3, 5), body: loss, factor: 2, mixed: false });
    await checkKernels({ specs: specs(1, 500, 9), body: loss, factor: 2, mixed: false });
  });
  it('gives NaN for a tag or length out of range, with no gradient, and shows a NaN', () =>
    checkKernels({
      specs: {
        ...specs(4, 3, 4),
        lengths: { shape: [4], dtype: 'int32', values: [4, -1, 3, 3] },
      },
      body: ({ x, transitions, start, end, lengths, tags }) => ({
        losses: crf({ x, transitions, start, end, lengths, tags }),
      }),
      mixed: false,
      poison: ({ tags }) => {
        tags[7] = 4;
      },
    }));
  it('forbids a transition of −∞', async () => {
    const graph = graphOf({ ...specs(1, 2, 2), tags: { shape: [1, 2], dtype: 'int32' } }, loss);
    for (const { name, backend } of backends()) {
      const { losses } = await evaluate(backend, graph, {
        x: new Float64Array(4),
        transitions: Float64Array.of(0, -Infinity, 0, 0),
        start: new Float64Array(2),
        end: new Float64Array(2),
        lengths: Float64Array.of(2),
        tags: Float64Array.of(1, 0),
      });
      expectClose(losses, [Math.log(3)], 1e-6, name);
    }
  });
  it('refuses transitions that are not square', () =>
    expect(() => graphOf({ ...specs(1, 2, 3), transitions: { shape: [3, 2] } }, loss)).toThrow(/SHAPE_MISMATCH/));
});

describe('crfDecode', () => {
  it('is its definition on every size', () =>
    checkShapes(
      fc.tuple(size(5), size(20), size(20, 1)),
      ([batch, time, tags]) => ({ specs: specs(batch, time, tags), body: decode, gradients: false, mixed: false }),
      8,
    ));
  it('finds the best of all sequences, the lower tag of equals', async () => {
    const [time, tags] = [4, 3];
    const graph = graphOf(specs(1, time, tags), decode);
    const whole = (length: number, seed: number): Float64Array =>
      Float64Array.from({ length }, (_, i) => ((i * 7 + seed * 5) % 4) - 1);
    for (let seed = 0; seed < 4; seed++) {
      const values = {
        x: whole(time * tags, seed),
        transitions: whole(tags * tags, seed + 1),
        start: whole(tags, seed + 2),
        end: whole(tags, seed + 3),
        lengths: Float64Array.of(time),
        tags: new Float64Array(time),
      };
      const all = Array.from({ length: tags ** time }, (_, code) =>
        Array.from({ length: time }, (__, t) => Math.floor(code / tags ** t) % tags),
      );
      const score = (own: readonly number[]): number =>
        own.reduce(
          (sum, tag, t) => sum + values.x[t * tags + tag] + (t > 0 ? values.transitions[own[t - 1] * tags + tag] : 0),
          values.start[own[0]] + values.end[own[time - 1]],
        );
      const best = Math.max(...all.map(score));
      // In this order the last place decides first: the lowest tag there, then before it.
      const first = all
        .toSorted((a, b) => {
          for (let t = time - 1; t >= 0; t--) if (a[t] !== b[t]) return a[t] - b[t];
          return 0;
        })
        .find((own) => score(own) === best);
      for (const { name, backend } of backends()) {
        const found = await evaluate(backend, graph, values);
        expect([...found.tags], name).toEqual(first);
        expect(found.scores[0], name).toBe(best);
      }
    }
  });
});

it.each(backends())('sums over every sequence of tags, as in PyTorch, on $name', (backend) =>
  checkGolden(backend, golden('crf').crf, ({ x, transitions, start, end, lengths, tags }) =>
    crf({ x, transitions, start, end, lengths, tags }),
  ),
);
