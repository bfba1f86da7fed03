import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unitsOf } from './tokenize-units.js';

it('pieces of work are whole groups, as many as are small enough together', () => {
  const sizes = fc.array(fc.record({ count: fc.integer({ min: 1, max: 5000 }), bytes: fc.nat(2 ** 24) }));
  fc.assert(
    fc.property(sizes, (sizes) => {
      let from = 0;
      const groups = sizes.map(({ count, bytes }) => {
        from += count;
        return { from: from - count, count, bytes };
      });
      const units = unitsOf(groups);
      const starts = new Set(groups.map((group) => group.from));
      let end = 0;
      for (const [at, unit] of units.entries()) {
        expect(unit.from).toBe(end);
        end += unit.count;
        const inside = groups.filter((group) => group.from >= unit.from && group.from < end);
        expect(unit.bytes).toBe(inside.reduce((sum, { bytes }) => sum + bytes, 0));
        const isSmall = unit.bytes <= 2 ** 23 && unit.count <= 8192;
        expect(starts.has(unit.from) && (isSmall || inside.length === 1)).toBe(true);
        const next = groups.find((group) => group.from === end);
        if (at + 1 < units.length && next !== undefined)
          expect(unit.bytes + next.bytes > 2 ** 23 || unit.count + next.count > 8192).toBe(true);
      }
      expect(end).toBe(from);
    }),
  );
});
