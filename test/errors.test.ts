/** docs/errors.md is the list of error codes: what the sources throw, the table says, and the page shows. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../packages/octavo/src/core/error-codes.js';
import { engineCodes, errorsFile, errorsPage, thrownIn } from '../scripts/errors.mjs';

const page = readFileSync(errorsFile, 'utf8');

describe('docs/errors.md', () => {
  it('is what `node scripts/errors.mjs` writes', () => expect(page).toBe(errorsPage(errorCodes)));

  it.each([
    ['octavo', 30],
    ['engine', 8],
  ])('has every code that %s throws', (name, atLeast) => {
    const codes = [...thrownIn(name).keys()];
    expect(codes.length).toBeGreaterThan(atLeast);
    expect(codes.filter((code) => !page.includes(`\`${code}\` |`))).toEqual([]);
  });

  it('has no code that nothing throws', () => {
    const [octavo, engine] = [thrownIn('octavo'), thrownIn('engine')];
    expect(Object.keys(errorCodes).filter((code) => !octavo.has(code))).toEqual([]);
    expect(Object.keys(engineCodes).filter((code) => !engine.has(code))).toEqual([]);
  });
});
