import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, type StrictJson } from './strict-json.js';

const parse = (text: string) => parseStrictJson(text, { where: 'test' });
/** Back to what JSON.parse gives, for values without `__proto__`. */
const plain = (value: StrictJson): unknown =>
  value instanceof Map
    ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
    : Array.isArray(value)
      ? value.map(plain)
      : value;

describe('parseStrictJson', () => {
  it('agrees with JSON.parse on every valid text', () =>
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), fc.constantFrom(0, 2), (text, indent) => {
        const value: unknown = JSON.parse(text);
        if (text.includes('__proto__')) return;
        expect(plain(parse(JSON.stringify(value, null, indent)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    ));
  it('refuses whatever JSON.parse refuses', () =>
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 2 }),
        fc.nat(),
        fc.constantFrom('', '"', ',', '}', ']', '{', 'x', '\\', '01', '\n'),
        (text, at, extra) => {
          const place = at % (text.length + 1);
          const broken = text.slice(0, place) + extra + text.slice(extra === '' ? place + 1 : place);
          let valid = true;
          try {
            JSON.parse(broken);
          } catch {
            valid = false;
          }
          if (!valid) expect(() => parse(broken)).toThrow(/test: /);
        },
      ),
      { numRuns: 2000 },
    ));
  it('keeps __proto__ as a key', () => {
    const value = parse('{"__proto__": {"polluted": true}}');
    expect(value instanceof Map && value.get('__proto__')).toEqual(new Map([['polluted', true]]));
  });
  it.each([
    ['{"a":1,"a":2}', /"a" comes twice/],
    ['{"a":1,"\\u0061":2}', /"a" comes twice/],
    ['['.repeat(1e6), /nested more than 64/],
    ['9'.repeat(1e6), /too large|follows/],
    ['1e999', /too large/],
    ['', /expected/],
  ])('refuses %.20s…', (text, message) => expect(() => parse(text)).toThrow(message));
  it('reads a string of 4 million characters', () => expect(parse(`"${'é'.repeat(4e6)}"`)).toHaveLength(4e6));
});
