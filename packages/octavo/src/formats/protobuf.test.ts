import { describe, expect, it } from 'vitest';
import { blob, encodeMessage, float, integer, message, nested, text } from './protobuf.js';

const hex = (part: Parameters<typeof encodeMessage>[0]) => Buffer.from(encodeMessage(part)).toString('hex');

// Examples printed in https://protobuf.dev/programming-guides/encoding/.
describe('protobuf', () => {
  it('writes the examples of the format', () => {
    expect(hex(integer(1, 150))).toBe('089601');
    expect(hex(text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(nested(3, integer(1, 150)))).toBe('1a03089601');
    expect(hex(integer(1, -2))).toBe('08feffffffffffffffff01');
  });
  it('writes zero, 64 bits, floats and fields above 15', () => {
    expect(hex(integer(1, 0))).toBe('0800');
    expect(hex(integer(1, 2n ** 63n - 1n))).toBe('08ffffffffffffffff7f');
    expect(hex(float(2, 1))).toBe('150000803f');
    expect(hex(integer(20, 7))).toBe('a00107');
  });
  it('keeps order and lengths when messages are put together', () => {
    const long = new Uint8Array(300).fill(7);
    const whole = encodeMessage(nested(1, message(blob(1, long), blob(2, new Uint8Array()))));
    expect([...whole.subarray(0, 6)]).toEqual([0x0a, 0xb1, 0x02, 0x0a, 0xac, 0x02]);
    expect([...whole.subarray(-2)]).toEqual([0x12, 0]);
    expect(whole).toHaveLength(3 + 3 + 300 + 2);
  });
});
