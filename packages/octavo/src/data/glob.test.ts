import { describe, expect, it } from 'vitest';
import { globMatcher, splitGlob } from './glob.js';

describe('globMatcher', () => {
  it.each([
    ['data/19[3-9]*.txt', 'data/1934_roosevelt.txt', true],
    ['data/19[3-9]*.txt', 'data/1924_coolidge.txt', false],
    ['data/19[3-9]*.txt', 'data/1934.json', false],
    ['data/19[3-9]*.txt', 'data/x/1934.txt', false],
    ['**/*.md', 'a.md', true],
    ['**/*.md', 'a/b/c.md', true],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**', 'a/b/c', true],
    ['*.{txt,md}', 'x.md', true],
    ['*.{txt,md}', 'x.mdx', false],
    ['[!a]?.txt', 'bc.txt', true],
    ['[!a]?.txt', 'ac.txt', false],
    ['a.b', 'aXb', false],
  ])('%s against %s: %s', (glob, path, expected) => {
    expect(globMatcher(glob)(path)).toBe(expected);
  });

  it('is quick on patterns made to hang', () => {
    const startedAt = performance.now();
    expect(globMatcher(`${'*a'.repeat(40)}b`)('a'.repeat(2000))).toBe(false);
    expect(globMatcher('**/'.repeat(40))('a/'.repeat(400))).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('splitGlob', () => {
  it.each([
    ['data/x/*.txt', 'data/x', '*.txt'],
    ['*.txt', '.', '*.txt'],
    ['/tmp/**/a', '/tmp', '**/a'],
    ['/*.txt', '/', '*.txt'],
    ['plain/file.txt', 'plain/file.txt', ''],
  ])('%s: base %s, pattern %s', (glob, base, pattern) => {
    expect(splitGlob(glob)).toEqual({ base, pattern });
  });
});
