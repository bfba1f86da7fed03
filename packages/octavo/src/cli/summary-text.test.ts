import { describe, expect, it } from 'vitest';
import { runState } from '../project/index.js';
import { summaryText } from './summary-text.js';

const view = (values: Readonly<Record<string, number>> = {}) => {
  const found = runState([{ kind: 'metric', step: 'pretrain', at: 1, values, timeMs: 0 }]).steps.get('pretrain');
  if (found === undefined) throw new Error('no view');
  return found;
};

describe('summaryText', () => {
  it.each([
    [{ text: '1.2M parameters\u001b' }, '1.2M parameters␛'],
    [
      { documents: 12_345, textBytes: 6_100_000, bytes: 1024, elapsedMs: 65_000, more: 1 },
      '12.3k documents · 5.82 MiB text · 1 KiB · 1m 05s elapsed',
    ],
    [{ bytesIn: 1024, bytesPerToken: 3.67 }, '1 KiB in · 3.67 bytes per token'],
    [{ bitsPerByte: 1.76543, nested: { a: 1 }, name: 'x' }, '1.765 bits per byte'],
    [{}, ''],
  ])('of %j is %s', (summary, text) => expect(summaryText(view(), summary)).toBe(text));

  it('prefers what was watched to figures', () => {
    expect(summaryText(view({ loss: 2, validationBitsPerByte: 1.8 }), { steps: 5 })).toBe(
      'loss 2.000, 1.800 bits/byte',
    );
  });
});
