/**
 * Pages of the XML that MediaWiki exports, one after another; of several revisions the last counts.
 * Source: mediawiki.org, Help:Export and the schemas export-0.3 to 0.11.
 */
import { fail } from '../../core/index.js';
import { limits } from '../limits.js';
import { xmlEvents } from './xml-events.js';

export interface WikiSite {
  /** Address of its main page. */
  readonly base: string;
  /** Names in lower case. */
  readonly namespaces: ReadonlyMap<string, number>;
}

export interface WikiPage {
  readonly site: WikiSite;
  readonly id: string;
  readonly title: string;
  /** 0 for articles. */
  readonly namespace: string;
  readonly time: string;
  /** What the text is: wikitext, unless it says otherwise. */
  readonly model: string;
  readonly isRedirect: boolean;
  readonly text: string;
}

export type WikiItem =
  | { readonly kind: 'page'; readonly page: WikiPage }
  | {
      readonly kind: 'bad';
      readonly id: string;
      readonly reason: 'invalid-xml' | 'line-too-long';
      readonly detail: string;
    };

/** Characters of what is no text, such as a title. */
const mostFieldCharacters = 10_000;

const fields: ReadonlySet<string> = new Set([
  'mediawiki/siteinfo/base',
  'mediawiki/siteinfo/namespaces/namespace',
  'mediawiki/page/title',
  'mediawiki/page/ns',
  'mediawiki/page/id',
  'mediawiki/page/revision/timestamp',
  'mediawiki/page/revision/model',
  'mediawiki/page/revision/text',
]);

const notADump = ({ where, source }: WikiFile, what: string) =>
  fail('DATA_SOURCE', {
    what: `${where} is no XML dump of a wiki: ${what}`,
    where: `data.sources: ${source}`,
    remedy: 'name a file such as enwiki-20260101-pages-articles-multistream.xml.bz2 of dumps.wikimedia.org',
  });

interface WikiFile {
  readonly where: string;
  /** The name of its source. */
  readonly source: string;
}

/** Errors: DATA_SOURCE where the file is no such dump, which stops the step: it is octavo.yaml that is wrong. */
export async function* wikiPages(
  pieces: AsyncIterable<string>,
  file: WikiFile,
): AsyncGenerator<WikiItem, void, undefined> {
  const ready: WikiItem[] = [];
  const namespaces = new Map<string, number>();
  let site: WikiSite = { base: '', namespaces };
  let path = '';
  let root: string | undefined;
  let page = new Map<string, string>();
  let field = '';
  let key = '';
  let text = '';
  let pages = 0;
  let problem: { reason: 'invalid-xml' | 'line-too-long'; detail: string } | undefined;
  let fileProblem: string | undefined;
  const of = (name: string) => page.get(`mediawiki/page/${name}`) ?? '';
  const idOf = () => of('id') || `page-${pages}`;
  const stop = yield* xmlEvents(pieces, {
    ready,
    open: (name, attributes) => {
      root ??= name;
      if (root !== 'mediawiki') throw notADump(file, `its first element is <${root.slice(0, 40)}>`);
      path = path === '' ? name : `${path}/${name}`;
      if (path === 'mediawiki/page') {
        page = new Map();
        problem = undefined;
        pages++;
      } else if (path === 'mediawiki/page/redirect') page.set(path, 'yes');
      else if (fields.has(path)) {
        field = path;
        key = attributes['key'] ?? '';
        text = '';
      }
    },
    text: (part) => {
      if (field === '' || path !== field || problem !== undefined) return;
      text += part;
      const most = path.endsWith('/text') ? limits.lineBytes : mostFieldCharacters;
      if (text.length > most) {
        problem = { reason: 'line-too-long', detail: `more than ${most} characters` };
        text = '';
      }
    },
    close: () => {
      if (field !== '' && path === field) {
        if (path === 'mediawiki/siteinfo/base') site = { base: text, namespaces };
        else if (path === 'mediawiki/siteinfo/namespaces/namespace') namespaces.set(text.toLowerCase(), Number(key));
        else page.set(path, text);
        field = '';
      } else if (path === 'mediawiki/page') {
        if (problem !== undefined) ready.push({ kind: 'bad', id: idOf(), ...problem });
        else
          ready.push({
            kind: 'page',
            page: {
              site,
              id: idOf(),
              title: of('title'),
              // Dumps older than 2012 name no namespace; the title begins with its name.
              namespace:
                of('ns') || String(namespaces.get(/^([^:]+):/.exec(of('title'))?.[1]?.toLowerCase() ?? '') ?? 0),
              time: of('revision/timestamp'),
              model: of('revision/model') || 'wikitext',
              isRedirect: of('redirect') !== '',
              text: of('revision/text'),
            },
          });
        page = new Map();
      }
      path = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    },
    problem: (detail) => {
      if (root === undefined) throw notADump(file, detail);
      if (path.startsWith('mediawiki/page')) problem ??= { reason: 'invalid-xml', detail };
      else fileProblem ??= detail;
    },
  });
  const rest = stop === undefined ? (fileProblem ?? problem?.detail) : `${stop}: the rest is not read`;
  if (rest !== undefined) yield { kind: 'bad', id: 'rest', reason: 'invalid-xml', detail: rest };
}
