import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalUrl } from './canonical-url.js';

describe('canonicalUrl', () => {
  it.each([
    ['HTTP://Example.COM:80/%7Euser/../a/./b?utm_source=x&q=1#part', 'http://example.com/a/b?q=1'],
    ['https://example.com:443', 'https://example.com/'],
    ['https://example.com:8443/', 'https://example.com:8443/'],
    ['https://example.com./x', 'https://example.com/x'],
    ['https://user:pass@example.com/', 'https://example.com/'],
    ['https://example.com/?', 'https://example.com/'],
    ['https://example.com/a?fbclid=1&gclid=2', 'https://example.com/a'],
    ['https://example.com/a;jsessionid=AB12?b=%7e%c3%a9', 'https://example.com/a?b=~%C3%A9'],
    ['https://example.com/a?PHPSESSID=1&id=2', 'https://example.com/a?id=2'],
    ['https://example.com/a%2fb', 'https://example.com/a%2Fb'],
    ['https://example.com/a/%2e%2e/b', 'https://example.com/b'],
    ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
    ['http:\\\\example.com\\a', 'http://example.com/a'],
    ['https://example.com/%%37e', 'https://example.com/~'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
  ])('%s → %s', (given, expected) => expect(canonicalUrl(given)).toBe(expected));

  it('resolves against the page', () => {
    expect(canonicalUrl('../c?x=1', 'https://a.example/b/d')).toBe('https://a.example/c?x=1');
    expect(canonicalUrl('//b.example', 'https://a.example/')).toBe('https://b.example/');
  });

  it.each([
    'mailto:a@b',
    'javascript:1',
    'file:///etc/passwd',
    'ftp://a/',
    'http://',
    'data:,x',
    `http://a/${'x'.repeat(3000)}`,
    // Percent signs that come out of one another, again and again.
    `http://a/%${'3%'.repeat(40)}33/`,
  ])('is nothing for %s', (given) => expect(canonicalUrl(given)).toBeUndefined());

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const once = canonicalUrl(url);
        if (once !== undefined) expect(canonicalUrl(once)).toBe(once);
      }),
    );
  });
});
