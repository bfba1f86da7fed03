import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, editDistance } from './closest.js';

describe('closest', () => {
  it.each([
    ['dept', ['depth', 'width'], 'depth'],
    ['context_length', ['contextLength', 'depth'], 'contextLength'],
    ['wdith', ['depth', 'width'], 'width'],
    ['llama', ['gpt2', 'bert'], undefined],
    ['x'.repeat(1000), ['depth'], undefined],
  ])('for %s in %j gives %s', (word, words, expected) => expect(closest(word, words)).toBe(expected));

  it('counts edits symmetrically, zero only for equal words', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    ));
});
