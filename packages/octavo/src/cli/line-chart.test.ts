import { describe, expect, it } from 'vitest';
import { lineChart } from './line-chart.js';

const curve = (count: number, value: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({ at: index, value: value(index) }));

describe('lineChart', () => {
  it('draws a falling loss from the highest value to the lowest', () => {
    expect(
      `\n${lineChart(
        curve(200, (step) => 2 + 6 * Math.exp(-step / 40)),
        { columns: 40, rows: 5 },
      )}`,
    ).toMatchInlineSnapshot(`
      "
      7.93 ┤⠑⢄⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
           ┤⠀⠀⠑⢄⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
           ┤⠀⠀⠀⠀⠈⠒⢄⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
           ┤⠀⠀⠀⠀⠀⠀⠀⠈⠑⠒⠤⢄⣀⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
      2.04 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠉⠉⠒⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
            0                                    199"
    `);
  });

  it('draws a straight line without holes', () => {
    expect(
      `\n${lineChart(
        curve(2, (index) => index),
        { columns: 8, rows: 2 },
      )}`,
    ).toMatchInlineSnapshot(`
      "
      1.00 ┤⠀⠀⠀⠀⣀⠤⠒⠉
      0.00 ┤⣀⠤⠒⠉⠀⠀⠀⠀
            0      1"
    `);
  });

  it('draws nothing of fewer than two finite points, and skips the others', () => {
    const size = { columns: 10, rows: 3 };
    expect(lineChart([], size)).toBe('');
    expect(
      lineChart(
        curve(1, () => 3),
        size,
      ),
    ).toBe('');
    expect(
      lineChart(
        curve(9, () => Number.NaN),
        size,
      ),
    ).toBe('');
    const broken = curve(20, (index) => (index === 7 ? Number.POSITIVE_INFINITY : index));
    expect(lineChart(broken, size)).toBe(
      lineChart(
        broken.filter(({ at }) => at !== 7),
        size,
      ),
    );
  });

  it('draws a constant as a line at the bottom', () => {
    expect(
      lineChart(
        curve(10, () => 3),
        { columns: 4, rows: 2 },
      ).split('\n')[1],
    ).toBe('3.00 ┤⣀⣀⣀⣀');
  });

  it('takes any number of points and any size', () => {
    for (const count of [2, 3, 17, 10_000]) {
      for (const columns of [1, 7, 60]) {
        const lines = lineChart(curve(count, Math.sin), { columns, rows: 3 }).split('\n');
        expect(lines.slice(0, 3).map((line) => line.split('┤')[1]?.length)).toEqual([columns, columns, columns]);
      }
    }
  });
});
