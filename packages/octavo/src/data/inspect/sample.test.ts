import { expect, it } from 'vitest';
import { excerptAround, hitOf } from './hit.js';
import { reservoir } from './reservoir.js';

const ids = Array.from({ length: 1000 }, (_, n) => ({ id: `document ${n}` }));
const drawnOf = (items: readonly { id: string }[], seed: number) => {
  const drawn = reservoir<{ id: string }>({ count: 100, seed });
  for (const one of items) drawn.offer(one);
  return drawn.drawn().map(({ id }) => id);
};

it('draws the same whatever the order, and every part of what is there alike', () => {
  const drawn = drawnOf(ids, 1);
  expect(drawn).toHaveLength(100);
  expect(new Set(drawnOf(ids.toReversed(), 1))).toEqual(new Set(drawn));
  expect(drawnOf(ids, 2)).not.toEqual(drawn);
  // 20 draws of 100 of 1000: each tenth gets 200 of 2000, with a standard deviation of 12.7.
  const tenths = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 20; seed++)
    for (const id of drawnOf(ids, seed)) {
      const tenth = Math.floor(Number(id.slice(9)) / 100);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
  for (const count of tenths) expect(Math.abs(count - 200)).toBeLessThan(64);
});

it.each([
  ['gopher.symbol_ratio', '', 'plain words and then … a mark', '…'],
  ['gopher.symbol_ratio', '', 'plain # words # and … a mark', '#'],
  ['gopher.duplicate_lines', '', 'one line\nanother\none line\nend', 'one line'],
  ['gopher.bullet_lines', '', 'A list\n  • of things', '  • of things'],
  ['gopher.ellipsis_lines', '', 'Read more\nand more...\nend', '...'],
  ['gopher.duplicate_runs', '0.2 > 0.1, runs of 5 words', 'x a b c d e, a b c d e', 'a b c d e'],
  ['gopher.words_with_letter', '', 'words 123 more', '123'],
  ['c4.lorem_ipsum', '', 'Then Lorem Ipsum came', 'Lorem Ipsum'],
  ['fineweb.short_lines', '', `${'long '.repeat(9)}\nshort\n`, 'short'],
  [
    'contaminated',
    'quiz.jsonl:3 has "who wrote the tempest 莎 士"',
    'Q: "Who wrote ‘The Tempest’ 莎士?"',
    'Who wrote ‘The Tempest’ 莎士',
  ],
  ['invalid-utf8', '', 'a \ufffd b', '\ufffd'],
])('%s shows what it is about', (reason, detail, text, shown) => {
  const hit = hitOf({ reason, detail }, text);
  expect(text.slice(hit?.from, hit?.to)).toBe(shown);
});

it('keeps the place within an excerpt, wherever it is', () => {
  const text = `${'a'.repeat(500)}HIT${'b'.repeat(500)}`;
  for (const [from, to] of [
    [500, 503],
    [0, 3],
    [1000, 1003],
    [100, 900],
  ] as const) {
    const { text: shown, hit } = excerptAround(text, { from, to }, 100);
    expect(shown.length).toBeLessThanOrEqual(102);
    expect(text.slice(from, to).startsWith(shown.slice(hit?.from, hit?.to))).toBe(true);
    expect(hit === undefined ? 0 : hit.to - hit.from).toBe(Math.min(50, to - from));
  }
  expect(excerptAround('short', undefined, 100)).toEqual({ text: 'short' });
});
