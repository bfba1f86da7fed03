import { describe, expect, it } from 'vitest';
import { pageKey } from './page-key.js';

describe('pageKey', () => {
  it.each([
    'https://www.example.org/a/b/',
    'http://example.org:80/a/b',
    'https://example.org/a//b?utm_source=x&fbclid=1#top',
    'https://EXAMPLE.org/a/b/index.html',
  ])('of %s', (url) => {
    expect(pageKey(url)).toBe('example.org/a/b');
  });
  it('keeps what tells pages apart', () => {
    expect(pageKey('https://example.org/?b=2&a=1')).toBe('example.org?a=1&b=2');
    expect(pageKey('https://example.org/A')).not.toBe(pageKey('https://example.org/a'));
    expect(pageKey('no address')).toBeUndefined();
  });
});
