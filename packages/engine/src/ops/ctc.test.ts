/** Connectionist temporal classification against its definition, every path counted, and PyTorch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose } from '../testing/close.js';
import type { Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { ctc } from './ctc.js';

const ints = (shape: readonly number[], values: readonly number[]) => ({ shape, dtype: 'int32' as const, values });
/** Lengths and labels of every kind, with repetitions; the blank is 0. */
const specs = (batch: number, time: number, classes: number, most: number): Specs => ({
  x: { shape: [batch, time, classes] },
  labels: ints(
    [batch, most],
    Array.from({ length: batch * most }, (_, i) => 1 + ((i >> 1) % Math.max(1, classes - 1))),
  ),
  lengths: ints(
    [batch],
    Array.from({ length: batch }, (_, b) => Math.max(0, time - (b % 3))),
  ),
  labelLengths: ints(
    [batch],
    Array.from({ length: batch }, (_, b) => Math.max(0, most - (b % 4))),
  ),
});
const body: Body = ({ x, labels, lengths, labelLengths }) => ({
  losses: ctc({ x, labels, lengths, labelLengths }, { zeroInfinity: true }),
});

/** −log Σ over all paths whose collapse is `labels`, path by path. */
function byEveryPath(logits: readonly (readonly number[])[], labels: readonly number[]): number {
  const rows = logits.map((row) => {
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
    return row.map((value) => Math.exp(value) / total);
  });
  const walk = (t: number, last: number, spelt: readonly number[]): number =>
    t === rows.length
      ? Number(spelt.length === labels.length && spelt.every((label, i) => label === labels[i]))
      : rows[t].reduce(
          (sum, p, label) => sum + p * walk(t + 1, label, label === 0 || label === last ? spelt : [...spelt, label]),
          0,
        );
  return -Math.log(walk(0, 0, []));
}

describe('ctc', () => {
  it('has the gradient of finite differences', () => checkGradient(specs(4, 5, 4, 2), body));
  it('is its definition on every size', () =>
    checkShapes(
      fc.tuple(size(5), size(20), size(40, 2), size(9)),
      ([batch, time, classes, most]) => ({ specs: specs(batch, time, classes, most), body, factor: 2 }),
      8,
    ));
  it('keeps its digits over a long sequence', () => checkKernels({ specs: specs(2, 400, 30, 60), body, mixed: false }));
  it('counts every path', async () => {
    const logits = [
      [0.1, 1, -0.5],
      [0.3, -1, 0.2],
      [2, 0.5, 0.1],
      [-0.4, 0.6, 0.9],
    ];
    const graph = graphOf(specs(1, 4, 3, 2), body);
    for (const labels of [
      [1, 2],
      [1, 1],
    ])
      for (const { name, backend } of backends()) {
        const { losses } = await evaluate(backend, graph, {
          x: Float64Array.from(logits.flat()),
          labels: Float64Array.from(labels),
          lengths: Float64Array.of(4),
          labelLengths: Float64Array.of(2),
        });
        expectClose(losses, [byEveryPath(logits, labels)], 1e-6, name);
      }
  });
  it('is infinite where the labels do not fit, NaN where something is out of range, and shows NaN and −∞', () => {
    const the: Specs = {
      x: { shape: [7, 3, 4] },
      labels: ints([7, 2], [1, 1, 1, 4, 1, -1, 1, 0, 1, 2, 1, 2, 1, 2]),
      lengths: ints([7], [2, 3, 3, 3, 4, 3, 3]),
      labelLengths: ints([7], [2, 2, 2, 2, 2, 2, 2]),
    };
    return checkKernels({
      specs: the,
      body: ({ x, labels, lengths, labelLengths }) => ({ losses: ctc({ x, labels, lengths, labelLengths }) }),
      mixed: false,
      poison: ({ x }) => {
        x[5 * 12 + 5] = NaN;
        x[6 * 12 + 4] = -Infinity;
      },
    });
  });
  it('refuses lengths of another batch', () =>
    expect(() => graphOf({ ...specs(2, 3, 3, 1), lengths: ints([3], [1, 1, 1]) }, body)).toThrow(/SHAPE_MISMATCH/));
});

it.each(backends())('is PyTorch’s on $name', async (backend) => {
  const cases = golden('ctc');
  for (const name of Object.keys(cases))
    await checkGolden(backend, cases[name], ({ x, labels, lengths, labelLengths }) =>
      ctc({ x, labels, lengths, labelLengths }),
    );
});
