import { describe, expect, test } from 'vitest';
import { characterModel } from './character-model.js';

/** Witten and Bell's interpolation over counts that no hash has mixed up. */
function plainModel() {
  const followed = new Map<string, Map<string, number>>();
  return {
    learn: (text: string) => {
      for (let at = 0; at < text.length; at++)
        for (let length = 0; length < 4 && length <= at; length++) {
          const context = text.slice(at - length, at);
          const next = followed.get(context) ?? new Map<string, number>();
          next.set(text[at] ?? '', (next.get(text[at] ?? '') ?? 0) + 1);
          followed.set(context, next);
        }
    },
    perplexity: (text: string) => {
      let surprise = 0;
      for (let at = 0; at < text.length; at++) {
        let probability = 1 / 65_536;
        for (let length = 0; length < 4 && length <= at; length++) {
          const next = followed.get(text.slice(at - length, at));
          if (next === undefined) break;
          const total = [...next.values()].reduce((sum, count) => sum + count, 0);
          probability = ((next.get(text[at] ?? '') ?? 0) + next.size * probability) / (total + next.size);
        }
        surprise -= Math.log(probability);
      }
      return Math.exp(surprise / text.length);
    },
  };
}

describe('character model', () => {
  const texts = [
    'The whale was seen at dawn; the boats were lowered.',
    'A b c d, once and once again. '.repeat(12),
    'Ça va? — 很好,谢谢。 😀',
  ];
  const asked = [...texts, 'x', 'th', 'the', 'the sea 海 \ud800', 'zq%7\u0000'.repeat(30)];

  test('is as the plain one', () => {
    const [ours, plain] = [characterModel(), plainModel()];
    for (const text of texts) {
      ours.learn(text);
      plain.learn(text);
    }
    for (const text of asked) expect(ours.perplexity(text) / plain.perplexity(text)).toBeCloseTo(1, 12);
  });

  test('without text knows all characters alike', () => {
    expect(characterModel().perplexity('abc')).toBeCloseTo(65_536, 6);
    expect(characterModel().perplexity('')).toBe(1);
  });

  test('looks at the first 16,384 characters', () => {
    const model = characterModel();
    model.learn('a'.repeat(16_384) + 'b'.repeat(100_000));
    expect(model.perplexity('a'.repeat(16_384) + 'c'.repeat(9_999))).toBe(model.perplexity('a'.repeat(16_384)));
    expect(model.perplexity('b')).toBeGreaterThan(100 * model.perplexity('a'));
  });
});
