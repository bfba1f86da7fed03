import { describe, expect, it } from 'vitest';
import { parseMemoryLimit } from './machine.js';

describe('the memory limit of a control group', () => {
  it.each([
    ['max', undefined],
    ['50', 50],
    ['9223372036854771712', undefined],
    ['0', undefined],
    [undefined, undefined],
  ])('%j of a machine with 100 bytes is %s', (text, limit) => expect(parseMemoryLimit(text, 100)).toBe(limit));
});
