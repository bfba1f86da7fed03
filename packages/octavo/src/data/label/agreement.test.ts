import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlphaLevel, cohenKappa, fleissKappa, krippendorffAlpha } from './agreement.js';

/** Two raters' answers from a table of counts. */
const fromTable = (table: readonly (readonly number[])[]) => {
  const pairs = table.flatMap((row, one) =>
    row.flatMap((count, other) => Array.from({ length: count }, () => [one, other] as const)),
  );
  return [pairs.map(([one]) => one), pairs.map(([, other]) => other)] as const;
};

describe("Cohen's kappa", () => {
  it.each([
    [
      [
        [20, 5],
        [10, 15],
      ],
      0.4,
    ],
    [
      [
        [45, 15],
        [25, 15],
      ],
      0.1304,
    ],
    [
      [
        [25, 35],
        [5, 35],
      ],
      0.2593,
    ],
  ])('of %j is %f', (table, kappa) => expect(cohenKappa(...fromTable(table))).toBeCloseTo(kappa, 4));

  it('looks at units that both rated', () =>
    expect(cohenKappa(['a', 'b', undefined, 'a'], ['a', 'b', 'a', undefined])).toBe(1));
});

it("Fleiss's kappa is that of the common example", () => {
  const counts = '0 0 0 0 14/0 2 6 4 2/0 0 3 5 6/0 3 9 2 0/2 2 8 1 1/7 7 0 0 0/3 2 6 3 0/2 5 3 2 2/6 5 2 1 0/0 2 2 3 7';
  expect(fleissKappa(counts.split('/').map((row) => row.split(' ').map(Number)))).toBeCloseTo(0.20993, 5);
});

describe("Krippendorff's alpha", () => {
  const rows = [
    '1 2 3 3 2 1 4 1 2 . . .',
    '1 2 3 3 2 2 4 1 2 5 . 3',
    '. 3 3 3 2 3 4 2 2 5 1 .',
    '1 2 3 3 2 4 4 1 2 5 1 .',
  ].map((row) => row.split(' '));
  const units = Array.from({ length: 12 }, (_, unit) =>
    rows
      .map((row) => row[unit] ?? '.')
      .filter((value) => value !== '.')
      .map(Number),
  );
  it.each<[AlphaLevel, number]>([
    ['nominal', 0.743421],
    ['ordinal', 0.815388],
    ['interval', 0.849107],
    ['ratio', 0.797403],
  ])('%s of the example of 2011', (level, alpha) => expect(krippendorffAlpha(units, level)).toBeCloseTo(alpha, 3));

  it('is 1 where all agree, whatever the level, and does not depend on the order of raters', () =>
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }), {
          minLength: 3,
          maxLength: 10,
        }),
        (some) => {
          const spread = [[1, 1], [5, 5], ...some];
          for (const level of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
            expect(
              krippendorffAlpha(
                spread.map((unit) => unit.map(() => unit[0] ?? 1)),
                level,
              ),
            ).toBeCloseTo(1, 12);
            const alpha = krippendorffAlpha(spread, level);
            expect(
              krippendorffAlpha(
                spread.map((unit) => unit.toReversed()),
                level,
              ),
            ).toBeCloseTo(alpha, 10);
            expect(alpha).toBeLessThanOrEqual(1);
          }
        },
      ),
    ));
});
