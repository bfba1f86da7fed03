/** The chapters of an EPUB in the order of its spine. Format: EPUB 3.3, Open Container and Package Document. */
import { posix } from 'node:path';
import { plainHtml } from './html-plain.js';
import { elementsOf, type HtmlElement, htmlTree } from './html-tree.js';
import { type ZipMember, ZipRefused, zipMembers } from './zip.js';

const nameOf = ({ tag }: HtmlElement): string => tag.slice(tag.indexOf(':') + 1);

const named = (root: HtmlElement, name: string): readonly HtmlElement[] =>
  [...elementsOf(root)].filter((element) => nameOf(element) === name);

const textOf = (element: HtmlElement | undefined): string =>
  element?.children
    .filter((child) => typeof child === 'string')
    .join('')
    .replaceAll(/\s+/g, ' ')
    .trim() ?? '';

export interface Book {
  readonly title: string;
  readonly chapters: Generator<string, void, undefined>;
}

function decodedPath(href: string): string {
  const bare = href.split('#', 1)[0] ?? '';
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}

/** Errors: ZipRefused for what is no EPUB. */
export function readEpub(archive: Buffer): Book {
  const members = new Map<string, ZipMember>();
  for (const member of zipMembers(archive)) members.set(member.path, member);
  const read = (path: string): string => {
    const member = members.get(path);
    if (member === undefined) throw new ZipRefused(`it names ${path.slice(0, 100)}, which it does not hold`);
    return member.read().toString('utf8');
  };
  const rootFile = named(htmlTree(read('META-INF/container.xml'), { isXml: true }), 'rootfile')[0]?.attributes.get(
    'full-path',
  );
  if (rootFile === undefined) throw new ZipRefused('its container names no package');
  const book = htmlTree(read(rootFile), { isXml: true });
  const folder = posix.dirname(rootFile);
  const places = new Map<string, string>();
  for (const { attributes } of named(book, 'item')) {
    if (!/xhtml|html/.test(attributes.get('media-type') ?? '')) continue;
    places.set(attributes.get('id') ?? '', posix.join(folder, decodedPath(attributes.get('href') ?? '')));
  }
  // A chapter stands once in a book: named again and again, one page would become a library.
  const spine = new Set(named(book, 'itemref').map(({ attributes }) => places.get(attributes.get('idref') ?? '')));
  const chapters = function* () {
    for (const place of spine) {
      if (place === undefined) continue;
      const text = plainHtml(read(place), { isXml: true });
      if (text !== '') yield `${text}\n\n`;
    }
  };
  const title =
    named(book, 'title')
      .map(textOf)
      .find((text) => text !== '') ?? '';
  return { title, chapters: chapters() };
}
