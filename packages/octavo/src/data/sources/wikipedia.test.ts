import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSource } from './source.test-support.js';
import { pageUrl } from './wikipedia.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-wikipedia-'));
});
afterAll(() => rm(folder, { recursive: true }));

const page = (id: number, title: string, text: string, more = '') =>
  `<page><title>${title}</title><ns>0</ns><id>${id}</id>${more}<revision><id>9${id}</id><timestamp>2026-01-02T03:04:05Z</timestamp><contributor><id>7</id></contributor><model>wikitext</model><text xml:space="preserve">${text}</text></revision></page>`;
const site =
  '<siteinfo><sitename>Wikipedia</sitename><base>https://de.wikipedia.org/wiki/Wikipedia:Hauptseite</base><namespaces><namespace key="6">Datei</namespace><namespace key="0" /></namespaces></siteinfo>';
const dump = (...pages: readonly string[]) =>
  `<mediawiki xmlns="x" xml:lang="de">${site}${pages.join('\n')}</mediawiki>`;

async function read(content: string | Uint8Array, name = 'w.xml') {
  await writeFile(join(folder, name), content);
  return readSource({ from: `wikipedia:${name}`, name: 'wiki' }, { folder });
}

describe('dumps of Wikipedia', () => {
  it('give their articles, and count what is none', async () => {
    const { documents, rejected, counts, source, bytes, opened } = await read(
      gzipSync(
        dump(
          page(12, 'Moby Dick &amp; Co', "[[Datei:A.jpg|mini|x]]'''Moby''' &amp;amp; &lt;ref&gt;y&lt;/ref&gt;[[Wal]]e"),
          page(13, 'Wal', '#WEITERLEITUNG [[Moby]]', '<redirect title="Moby" />'),
          page(14, 'Alt', '#WEITERLEITUNG [[Moby]]'),
          page(15, 'Leer', ' {{x}} '),
          page(16, 'Hilfe:X', 'help').replace('<ns>0</ns>', '<ns>12</ns>'),
          page(17, 'X.js', 'script').replace('>wikitext<', '>javascript<'),
          page(18, 'Lang', 'word '.repeat(100)),
        ),
      ),
      'w.xml.gz',
    );
    expect(documents).toEqual([
      {
        id: 'wiki:12',
        source: 'wiki',
        licence: 'CC-BY-SA-4.0',
        text: 'Moby & Wale',
        url: 'https://de.wikipedia.org/wiki/Moby_Dick_%26_Co',
        time: '2026-01-02T03:04:05Z',
        title: 'Moby Dick & Co',
      },
      expect.objectContaining({ id: 'wiki:18' }),
    ]);
    expect(rejected).toEqual([]);
    expect(counts).toEqual({ redirect: 2, empty: 1, namespace: 1, 'not-wikitext': 1 });
    expect(source.place.kind).toBe('wikipedia');
    expect(bytes).toBe(opened.bytes);
  });

  it('of other wikis have no licence but the one that is said', async () => {
    const fandom = dump(page(1, 'A', 'a')).replace('de.wikipedia.org', 'a.fandom.com');
    expect((await read(fandom, 'f.xml')).documents).toMatchObject([{ licence: 'unknown' }]);
    const { documents } = await readSource({ from: 'wikipedia:f.xml', licence: 'CC-BY-SA-3.0' }, { folder });
    expect(documents).toMatchObject([{ licence: 'CC-BY-SA-3.0' }]);
  });

  it('reject alone a page that is too long, or breaks the rules of XML', async () => {
    const { documents, rejected } = await read(
      dump(
        page(1, 'Long', 'x'.repeat(8 * 1024 * 1024 + 1)),
        page(2, 'Own entity', 'a &x; b'),
        page(3, 'Good', 'good'),
      ).replace('<mediawiki', '<!DOCTYPE m [<!ENTITY x "xxxx">]><mediawiki'),
    );
    expect(documents.map(({ id }) => id)).toEqual(['wiki:3']);
    expect(rejected.map(({ id, reason }) => [id, reason])).toEqual([
      ['wiki:1', 'line-too-long'],
      ['wiki:2', 'invalid-xml'],
    ]);
  });

  it('that are cut or too deep give what they hold, and say so', async () => {
    const cut = await read(dump(page(1, 'A', 'a'), page(2, 'B', 'b')).slice(0, -30));
    expect(cut.documents.map(({ id }) => id)).toEqual(['wiki:1']);
    expect(cut.rejected).toMatchObject([
      { id: 'wiki:rest', reason: 'invalid-xml', detail: expect.stringMatching(/ends/) },
    ]);
    const deep = await read(dump(page(1, 'A', 'a'), '<b>'.repeat(2000)));
    expect(deep.documents).toHaveLength(1);
    expect(deep.rejected).toMatchObject([{ detail: expect.stringMatching(/1000 deep/) }]);
  });

  it.each([
    ['<html><body>x</body></html>', /its first element is <html>/],
    ['Just text', /is no XML dump/],
    ['', /must contain a root element/],
  ])('%j is none', async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it('have addresses beside their main page', () => {
    expect(pageUrl('https://en.wikipedia.org/wiki/Main_Page', 'AC/DC: a "b"?')).toBe(
      'https://en.wikipedia.org/wiki/AC/DC:_a_%22b%22%3F',
    );
    expect(pageUrl('', 'A')).toBeUndefined();
  });
});
