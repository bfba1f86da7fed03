import { describe, expect, it } from 'vitest';
import { parseRobots, robotsBytes } from './robots.js';

const example = `User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
`;

describe('robots.txt', () => {
  it.each([
    ['other', '/cat.gif', false],
    ['other', '/cat.gif?x=1', true],
    ['other', '/example/a', false],
    ['other', '/publications/a.gif', true],
    ['other', '/other', true],
    ['foobot', '/example/page.html', true],
    ['foobot', '/example/allowed.gif', true],
    ['foobot', '/', false],
    ['FooBot', '/anything', false],
    ['barbot', '/example/page.html', false],
    ['bazbot', '/example/page.html', false],
    ['bazbot', '/cat.gif', true],
    ['quxbot', '/example/a', true],
    ['quxbot', '/cat.gif', true],
    ['foobot', '/robots.txt', true],
  ])('RFC 9309 §5.1: %s may fetch %s: %s', (product, path, allowed) => {
    expect(parseRobots(example, product).allows(path)).toBe(allowed);
  });

  it('§5.2: the longest match wins', () => {
    const { allows } = parseRobots(
      'User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif',
      'foobot',
    );
    expect([allows('/example/page/'), allows('/example/page/disallowed.gif')]).toEqual([true, false]);
  });

  it.each([
    ['Disallow: /a\nAllow: /a', '/a', true],
    ['Allow: /a\nDisallow: /a', '/a', true],
    ['Disallow: /a*b', '/axxb/c', false],
    ['Disallow: /a*b$', '/axxb/c', true],
    ['Disallow: /a*b$', '/axxbb', false],
    ['Disallow: /*?*sort=', '/x?a=1&sort=2', false],
    ['Disallow: /fish*', '/Fish', true],
    ['Disallow: /fish$', '/fish', false],
    ['Disallow: /fish$', '/fish/', true],
    ['Disallow: /foo/bar?baz=http://foo.bar', '/foo/bar?baz=http://foo.bar', false],
    ['Disallow: /foo/bar/ツ', '/foo/bar/%E3%83%84', false],
    ['Disallow: /foo/bar/%E3%83%84', '/foo/bar/ツ', false],
    ['Disallow: /foo/bar/%62%61%7A', '/foo/bar/baz', false],
    ['Disallow: /a%3cd', '/a%3Cd', false],
    ['Disallow: /a%2fb', '/a/b', true],
    ['Disallow: /a-%2A.html', '/a-*.html', false],
    ['Disallow: /a-%2A.html', '/a-b.html', true],
    ['Disallow: /a-%24', '/a-$', false],
    ['Disallow: /a$b', '/a$bc', false],
    ['Disallow: /a$b', '/a%24b', false],
    ['Disallow:', '/x', true],
    ['Disallow: / # all', '/x', false],
    ['Disallow: /\nAllow: /$', '/', true],
    ['Disallow: /\nAllow: /$', '/x', false],
    ['Sitemap: /s.xml\nDisallow: /a', '/a', false],
  ])('%j: %s %s', (rules, path, allowed) => {
    expect(parseRobots(`User-agent: *\n${rules}`, 'octavo').allows(path)).toBe(allowed);
  });

  it('joins groups of one name, wherever they stand, and reads any line end and a byte order mark', () => {
    const { allows, crawlDelaySeconds, sitemaps } = parseRobots(
      '\uFEFFuser-agent: octavo/2.0\rdisallow: /a\r\nUSER-AGENT: *\nDisallow: /\n\n\nUser-Agent : OCTAVO\nDisallow: /b\ncrawl-delay: 2.5\nSitemap: https://a.example/s.xml',
      'octavo',
    );
    expect([allows('/a'), allows('/b'), allows('/c')]).toEqual([false, false, true]);
    expect(crawlDelaySeconds).toBe(2.5);
    expect(sitemaps).toEqual(['https://a.example/s.xml']);
  });

  it('takes rules before any group, and rubbish, for nothing', () => {
    expect(parseRobots('Disallow: /\n<html>\n:::\nUser-agent\n', 'octavo').allows('/x')).toBe(true);
  });

  it('is quick on the worst text and path', () => {
    const spaces = `User-agent: *${' '.repeat(200_000)}x\nDisallow:${' '.repeat(200_000)}\n`;
    const stars = `Disallow: /${'*a'.repeat(30_000)}$\n`;
    const many = 'Disallow: /*a*a*a*b\n'.repeat(2000);
    const text = (spaces + stars + many).slice(0, robotsBytes);
    const begun = performance.now();
    parseRobots(`User-agent: *\n${text}`, 'octavo').allows(`/${'a'.repeat(2000)}`);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
