import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classCopies, classWeights } from './classes.js';
import { copiesOf, planMix } from './mix.js';
import { orderKey } from './order.js';

const rules = { temperature: 1, weights: {}, maxEpochs: 4 };
const rounded = (groups: ReturnType<typeof planMix>) =>
  groups.map(({ asked, epochs }) => [Number(asked.toFixed(4)), Number(epochs.toFixed(4))]);

describe('planMix', () => {
  it('leaves everything as it is by default', () => {
    expect(
      rounded(
        planMix(
          [
            ['a', 900],
            ['b', 100],
          ],
          rules,
        ),
      ),
    ).toEqual([
      [0.9, 1],
      [0.1, 1],
    ]);
  });

  it('flattens by temperature as computed by hand', () => {
    // √900 : √100 = 30 : 10, so 750 and 250 of 1000 bytes.
    expect(
      rounded(
        planMix(
          [
            ['a', 900],
            ['b', 100],
          ],
          { ...rules, temperature: 2 },
        ),
      ),
    ).toEqual([
      [0.75, 0.8333],
      [0.25, 2.5],
    ]);
    // α = 0.3: 1000^0.3 = 7.9433, 1^0.3 = 1.
    const [, rare] = planMix(
      [
        ['en', 1000],
        ['yo', 1],
      ],
      { ...rules, temperature: 1 / 0.3 },
    );
    expect(rare?.asked).toBeCloseTo(1 / 8.9433, 5);
    expect(rare?.epochs).toBe(4);
  });

  it('gives by weight, and what a bounded group leaves to the others', () => {
    // b would take 600 of 1200 bytes, 6 epochs; at 4 it takes 400, and a and c share 800 as 2 : 1.
    expect(
      rounded(
        planMix(
          [
            ['a', 700],
            ['b', 100],
            ['c', 400],
            ['d', 0],
          ],
          { ...rules, weights: { a: 2, b: 3, c: 1, d: 9 } },
        ),
      ),
    ).toEqual([
      [0.3333, 0.7619],
      [0.5, 4],
      [0.1667, 0.6667],
      [0, 0],
    ]);
  });

  it('never exceeds the bound or the bytes there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 12 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 8, noNaN: true }),
        (bytes, temperature, maxEpochs) => {
          const sizes = bytes.map((size, at): readonly [string, number] => [String(at), size]);
          const groups = planMix(sizes, { temperature, weights: {}, maxEpochs });
          const total = bytes.reduce((sum, size) => sum + size, 0);
          const used = groups.reduce((sum, group) => sum + group.bytes * group.epochs, 0);
          expect(used).toBeLessThanOrEqual(total * (1 + 1e-9));
          if (maxEpochs >= 1) expect(used).toBeGreaterThanOrEqual(total * (1 - 1e-9));
          for (const { epochs } of groups) expect(epochs).toBeLessThanOrEqual(maxEpochs);
        },
      ),
    );
  });
});

it('draws about as many copies as asked, each by its own id', () => {
  const copies = Array.from({ length: 4000 }, (_, n) => copiesOf(`id ${n}`, 1.25, 7));
  expect(new Set(copies)).toEqual(new Set([1, 2]));
  // 4000 draws of 0.25 lie within 5 deviations of 27.4 of 1000.
  expect(Math.abs(copies.reduce((sum, count) => sum + count, 0) - 5000)).toBeLessThan(137);
});

it('sorts as the order says', () => {
  const documents = [
    { id: 'b', bytes: 900, difficulty: 2.5, source: 1 },
    { id: 'a', bytes: 1000, difficulty: 2.25, source: 0 },
    { id: 'c', bytes: 20, difficulty: 11, source: 2 },
  ];
  const sorted = (order: 'length' | 'difficulty' | 'source' | 'shuffled') =>
    documents
      .toSorted((x, y) => (orderKey(order, x.id, x) < orderKey(order, y.id, y) ? -1 : 1))
      .map(({ id }) => id)
      .join('');
  expect([sorted('shuffled'), sorted('length'), sorted('difficulty'), sorted('source')]).toEqual([
    'abc',
    'cba',
    'abc',
    'abc',
  ]);
});

describe('classes', () => {
  const examples = [...Array(9).keys()].map((n) => ({ id: `x${n}`, label: n < 6 ? 'many' : 'few' }));
  const taken = (balance: 'under' | 'over') => {
    const copies = classCopies(examples, balance);
    expect(classCopies(examples.toReversed(), balance)).toEqual(new Map(copies));
    return ['many', 'few'].map((name) =>
      examples.filter(({ label }) => label === name).reduce((sum, { id }) => sum + (copies.get(id) ?? 0), 0),
    );
  };
  it('come out equal', () => {
    expect(taken('under')).toEqual([3, 3]);
    expect(taken('over')).toEqual([6, 6]);
  });
  it('weigh as computed by hand', () => {
    const counts = new Map([
      ['many', 6],
      ['few', 3],
      ['none', 0],
    ]);
    expect([...classWeights(counts, 'inverse')]).toEqual([
      ['many', 0.75],
      ['few', 1.5],
    ]);
    // β = 0.5: (1 − 0.5) / (1 − 1/64) = 32/63 and 0.5 / (1 − 1/8) = 4/7 = 36/63; scaled to sum to 2: 16/17, 18/17.
    const effective = classWeights(counts, 'effective', 0.5);
    expect(effective.get('many')).toBeCloseTo(16 / 17, 12);
    expect(effective.get('few')).toBeCloseTo(18 / 17, 12);
  });
});
