import { describe, expect, it } from 'vitest';
import type { EventBody } from '../core/index.js';
import { runState } from '../project/index.js';
import { bar, progressLine } from './progress-line.js';
import { displayWidth } from './terminal.js';

const bodies: readonly EventBody[] = [
  { kind: 'step-started', step: 'pretrain', key: 'k' },
  { kind: 'progress', step: 'pretrain', done: 10, total: 1500, unit: 'steps' },
  { kind: 'metric', step: 'pretrain', at: 520, values: { loss: 3.41159, validationBitsPerByte: 2.1 } },
  {
    kind: 'progress',
    step: 'pretrain',
    done: 520,
    total: 1500,
    unit: 'steps',
    note: '中文 and a long note about what is going on',
  },
];
const view = runState(bodies.map((body, index) => ({ ...body, timeMs: index * 5000 }))).steps.get('pretrain');

describe('progressLine', () => {
  it.each([
    [
      150,
      'pretrain  ████████▍░░░░░░░░░░░░░░░  34%  520/1.50k steps · loss 3.412, 2.100 bits/byte · 19 s left · 51/s · 中文 and a long note about what is going …',
    ],
    [80, 'pretrain  ████▏░░░░░░░  34%  520/1.50k steps · loss 3.412, 2.100 bits/byte'],
    [40, 'pretrain  ████▏░░░░░░░  34%'],
    [12, 'pretrain  █…'],
  ])('fits into %d columns', (columns, line) => {
    if (view === undefined) throw new Error('no view');
    expect(progressLine(view, columns).trimEnd()).toBe(line);
    expect(displayWidth(progressLine(view, columns))).toBeLessThanOrEqual(columns);
  });

  it('draws a bar in eighths', () => {
    expect([0, 0.5, 1, 7, -1, 0.26].map((share) => bar(share, 4))).toEqual([
      '░░░░',
      '██░░',
      '████',
      '████',
      '░░░░',
      '█░░░',
    ]);
    expect(bar(0.3125, 4)).toBe('█▎░░');
  });
});
