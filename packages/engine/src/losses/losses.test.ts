/** Losses that are made of other ops: values and gradients, against definitions and PyTorch. */
import { describe, expect, it } from 'vitest';
import {
  binaryCrossEntropy,
  contrastive,
  focal,
  huber,
  klDivergence,
  logSoftmax,
  squaredError,
  sum,
} from '../index.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, evaluate, graphOf } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose } from '../testing/close.js';
import type { Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';

const shape = [5, 7];
const labels = { shape, values: Array.from({ length: 35 }, (_, i) => (i % 3 === 0 ? 1 : 0)) };
const pair: Specs = { x: { shape, from: 'apart' }, y: { shape, from: 'apart' } };
const targets: Specs = { targets: { shape: [5], dtype: 'int32', below: 6 } };
const head: Specs = { x: { shape: [5, 3] }, weight: { shape: [6, 3] } };
const weights = { shape: [5], values: [1, 0, 2, 1, 1] };

const bodies: readonly (readonly [string, Specs, Body])[] = [
  ['binaryCrossEntropy', { x: { shape, from: 'apart' } }, (the) => ({ y: binaryCrossEntropy(the.x, the.labels) })],
  [
    'binaryCrossEntropy with positive weights',
    { x: { shape, from: 'apart' }, positive: { shape: [7], from: 'positive' } },
    (the) => ({ y: binaryCrossEntropy(the.x, the.labels, the.positive) }),
  ],
  [
    'focal over labels',
    { x: { shape, from: 'apart' } },
    (the) => ({ y: focal(binaryCrossEntropy(the.x, the.labels), 2) }),
  ],
  [
    'focal over classes',
    { ...head, ...targets },
    (the) => ({
      y: focal(crossEntropy({ x: the.x, weight: the.weight, targets: the.targets, weights: the.weights }).losses, 1.5),
    }),
  ],
  ['squaredError', pair, ({ x, y }) => ({ y: squaredError(x, y) })],
  ['huber', pair, ({ x, y }) => ({ y: huber(x, y, 0.6) })],
  ['klDivergence', { x: { shape }, y: { shape } }, ({ x, y }) => ({ y: klDivergence(logSoftmax(x), logSoftmax(y)) })],
  [
    'contrastive',
    { x: { shape }, y: { shape: [8, 7] } },
    ({ x, y }) => ({ loss: contrastive(x, y, { temperature: 0.5 }) }),
  ],
  [
    'contrastive, symmetric, with a temperature that learns',
    { x: { shape }, y: { shape }, temperature: { shape: [], from: 'positive' } },
    ({ x, y, temperature }) => ({ loss: contrastive(x, y, { temperature, symmetric: true }) }),
  ],
];

/** Labels and token weights are data: graph inputs that nothing is differentiated by. */
const given: Specs = { labels, weights };

describe.each(bodies)('%s', (_, specs, body) => {
  it('is its definition, with its gradients', async () => {
    checkGradient({ ...specs, ...given }, body);
    await checkKernels({ specs: { ...specs, ...given }, body, factor: 4 });
  });
});

describe('logits far out', () => {
  it('neither overflow nor lose a small loss, and the slope at 0 is half', async () => {
    const specs: Specs = {
      x: { shape: [5], values: [200, -200, 10, -10, 0] },
      y: { shape: [5], values: [1, 0, 1, 0, 1] },
    };
    const graph = graphOf(specs, ({ x, y }) => ({ losses: binaryCrossEntropy(x, y) }));
    const small = Math.log1p(Math.exp(-10));
    for (const { name, backend } of backends()) {
      const { losses } = await evaluate(backend, graph, {
        x: Float64Array.from(specs.x.values ?? []),
        y: Float64Array.from(specs.y.values ?? []),
      });
      expectClose(losses, [0, 0, small, small, Math.LN2], 1e-7, name);
    }
  });
  it('adds nothing to a divergence where P is 0', async () => {
    const graph = graphOf({ p: { shape: [1, 2] }, q: { shape: [1, 2] } }, ({ p, q }) => ({ y: klDivergence(p, q) }));
    for (const { backend } of backends()) {
      const { y } = await evaluate(backend, graph, {
        p: Float64Array.of(0, -Infinity),
        q: Float64Array.of(Math.log(0.5), Math.log(0.5)),
      });
      expectClose(y, [Math.LN2], 1e-6);
    }
  });
  it('refuses vectors of two widths', () =>
    expect(() =>
      graphOf({ x: { shape: [3, 2] }, y: { shape: [3, 4] } }, ({ x, y }) => ({ y: contrastive(x, y) })),
    ).toThrow(/SHAPE_MISMATCH/));
});

describe.each(backends())('PyTorch, on $name', (backend) => {
  const cases = golden('losses');
  const on = (name: string, body: Parameters<typeof checkGolden>[2]) => checkGolden(backend, cases[name], body);
  it('binary', async () => {
    await on('binary', ({ x, answers: y }) => binaryCrossEntropy(x, y));
    await on('positiveWeights', ({ x, answers: y, positive }) => binaryCrossEntropy(x, y, positive));
  });
  it('regression', async () => {
    await on('squared', ({ x, wanted }) => squaredError(x, wanted));
    await on('huber', ({ x, wanted }) => huber(x, wanted, 0.7));
  });
  it('smoothed and focal cross-entropy', async () => {
    await on(
      'smoothed',
      ({ x, weight, targets: t, weights: w }) => crossEntropy({ x, weight, targets: t, weights: w }, 0.1).loss,
    );
    await on('focal', ({ x, weight, targets: t, weights: w }) =>
      sum(focal(crossEntropy({ x, weight, targets: t, weights: w }).losses, 2)),
    );
  });
  it('divergence', () => on('divergence', ({ x, other }) => klDivergence(logSoftmax(other), logSoftmax(x))));
  it('contrastive', () =>
    on('contrastive', ({ x, keys }) => contrastive(x, keys, { temperature: 0.2, symmetric: true })));
});
