import { describe, expect, it } from 'vitest';
import { markupOf } from './html.js';
import { type LineChart, lineChart } from './line-chart.js';

const chart: LineChart = {
  title: 'Loss',
  unit: 'nats',
  along: 'step',
  points: [
    { x: 10, y: 3 },
    { x: 20, y: 2 },
  ],
  format: (value) => value.toFixed(2),
  dots: true,
};

describe('a line chart', () => {
  it('says in words what it draws', () => {
    const markup = markupOf(lineChart({ ...chart, levels: [{ name: 'xz', value: 2.5 }] }));
    expect(markup).toContain('aria-label="Loss, nats: 3.00 at step 10, 2.00 at step 20; for comparison xz 2.50."');
    expect(markup).toContain('<title>step 20: 2.00</title>');
    expect(markup).toContain('<th scope="row">10</th>');
    // From 2 to 3 on a drawing 1000 wide and 200 high: the first point halfway along at the top.
    expect(markup).toContain('d="M500.0 0.0L1000.0 200.0"');
    expect(markup).toContain('d="M0 100.0H1000"');
  });

  it('draws nothing of no finite points, and keeps a long training small', () => {
    expect(markupOf(lineChart({ ...chart, points: [{ x: 1, y: Number.NaN }] }))).toBe('');
    const points = Array.from({ length: 100_000 }, (_, x) => ({ x, y: Math.sin(x) }));
    expect(markupOf(lineChart({ ...chart, dots: false, points })).length).toBeLessThan(40_000);
  });

  it('shows the baselines when the first steps lie far above them', () => {
    const points = [
      { x: 1, y: 500 },
      { x: 2, y: 1.9 },
    ];
    const markup = markupOf(lineChart({ ...chart, points, levels: [{ name: 'bigram', value: 2 }] }));
    const level = Number(/class="level" d="M0 ([\d.]+)H/.exec(markup)?.[1]);
    expect(level).toBeGreaterThan(20);
    expect(level).toBeLessThan(190);
  });
});
