/** The 16-bit storage types: rounding to nearest even, subnormals, infinities, NaN. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './half.js';
import { isas, native } from './testing/backends.js';

const words = Array.from({ length: 65536 }, (_, i) => i);
const float = fc.float({ noNaN: true });

describe('bfloat16', () => {
  it('keeps every value it holds', () => {
    for (const word of words) {
      const value = fromBfloat16(word);
      if (Number.isNaN(value)) expect(fromBfloat16(toBfloat16(value))).toBeNaN();
      else expect(toBfloat16(value)).toBe(word);
    }
  });
  it.each([
    [Math.PI, 3.140625],
    [0.1, 0.10009765625],
    [65535, 65536],
    [3.4e38, Infinity],
    [-3.4e38, -Infinity],
    [1.00390625, 1],
    [1.01171875, 1.015625],
  ])('rounds %d to %d', (value, rounded) => expect(fromBfloat16(toBfloat16(value))).toBe(rounded));
  it('takes the nearer neighbour', () =>
    fc.assert(
      fc.property(float, (value) => {
        const word = toBfloat16(value);
        const error = Math.abs(fromBfloat16(word) - value);
        for (const other of [word - 1, word + 1]) {
          const neighbour = fromBfloat16(other & 0xffff);
          if (Number.isFinite(neighbour) && Number.isFinite(error))
            expect(error).toBeLessThanOrEqual(Math.abs(neighbour - value));
        }
      }),
    ));
});

describe('float16', () => {
  it('keeps every value it holds', () => {
    for (const word of words) {
      const value = fromFloat16(word);
      if (Number.isNaN(value)) expect(fromFloat16(toFloat16(value))).toBeNaN();
      else expect(toFloat16(value)).toBe(word);
    }
  });
  it.each([
    [65504, 65504],
    [65519.99, 65504],
    [65520, Infinity],
    [-65520, -Infinity],
    [2 ** -24, 2 ** -24],
    [2 ** -25, 0],
    [2 ** -25 * 1.001, 2 ** -24],
    [2 ** -24 * 1.5, 2 ** -23],
    [2 ** -24 * 2.5, 2 ** -23],
    [0.1, 0.0999755859375],
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
  ])('rounds %d to %d', (value, rounded) => expect(fromFloat16(toFloat16(value))).toBe(rounded));
  it('keeps the sign of zero', () => expect(Object.is(fromFloat16(toFloat16(-0)), -0)).toBe(true));
  it('takes the nearer neighbour', () =>
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -65504, max: 65504 }), (value) => {
        const word = toFloat16(value);
        const error = Math.abs(fromFloat16(word) - value);
        for (const other of [word - 1, word + 1]) {
          const neighbour = fromFloat16(other & 0xffff);
          if (Number.isFinite(neighbour)) expect(error).toBeLessThanOrEqual(Math.abs(neighbour - value));
        }
      }),
    ));
});

it.each(['bfloat16', 'float16'] as const)('buffers of %s are written and read by these conversions', (dtype) => {
  const backend = native(isas()[0]);
  const [to, from] = dtype === 'bfloat16' ? [toBfloat16, fromBfloat16] : [toFloat16, fromFloat16];
  const values = [0.1, -3, 70000, NaN, 1e-8];
  const buffer = backend.allocate({ dtype, shape: [5] }, values);
  expect([...backend.read(buffer)]).toEqual(values.map((value) => from(to(value))));
  expect(backend.bytes(buffer).byteLength).toBe(10);
});
