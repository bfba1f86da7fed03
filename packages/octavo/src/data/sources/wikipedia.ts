/** Dumps of Wikipedia and other wikis of MediaWiki, as dumps.wikimedia.org has them: the articles, as plain text. */
import { type WikiPage, wikiPages } from '../extract/read-mediawiki.js';
import { textPieces } from '../extract/text-pieces.js';
import { wikitextToText } from '../extract/wikitext.js';
import { textInWindows } from '../in-windows.js';
import { type DumpFile, dumpKind } from './dump.js';

/** `#REDIRECT [[…]]`, in any language: old dumps do not mark such pages otherwise. */
const redirect = /^\s*#[\p{L}\p{M}]+\s*:?\s*\[\[/u;

/** The address of a page, beside that of the main page. */
export function pageUrl(base: string, title: string): string | undefined {
  if (!/^https?:\/\/[^/]+\//.test(base)) return undefined;
  const name = encodeURIComponent(title.replaceAll(' ', '_')).replaceAll(/%(?:2F|3A|2C|3B|40|24)/g, decodeURIComponent);
  return `${base.slice(0, base.lastIndexOf('/') + 1)}${name}`;
}

/** Wikimedia's wikis of text; Wikinews has other licences by language. Source: Wikimedia's terms of use since 7 June 2023. */
const wikimedia =
  /^https?:\/\/(?:[a-z-]+\.)+(?:wikipedia|wiktionary|wikibooks|wikiquote|wikisource|wikiversity|wikivoyage)\.org\//;

/** A dump does not tell its licence: it goes by the address of the wiki, unless the user says otherwise. */
const licenceOf = (file: DumpFile, base: string): string =>
  file.source.licence === 'unknown' && wikimedia.test(base) ? 'CC-BY-SA-4.0' : file.source.licence;

/** Why a page gives no document. */
function passedOver({ namespace, model, isRedirect, text }: WikiPage): string | undefined {
  if (namespace !== '0') return 'namespace';
  if (isRedirect || redirect.test(text)) return 'redirect';
  if (model !== 'wikitext') return 'not-wikitext';
  return text.trim() === '' ? 'empty' : undefined;
}

async function* documents(file: DumpFile) {
  for await (const item of wikiPages(textPieces(file.bytes, file.source.encoding), {
    where: file.where,
    source: file.source.name,
  })) {
    if (item.kind === 'bad') {
      const { reason, detail } = item;
      yield {
        kind: 'rejected' as const,
        dropped: { id: `${file.id}:${item.id}`, source: file.source.name, reason, detail, excerpt: '' },
      };
      continue;
    }
    const { id, title, time, site } = item.page;
    const reason = passedOver(item.page);
    const language = /^https?:\/\/([a-z-]+)\./.exec(site.base)?.[1] ?? '';
    const text =
      reason === undefined ? wikitextToText(item.page.text, { title, namespaces: site.namespaces, language }) : '';
    if (text === '') {
      file.count(reason ?? 'empty');
      continue;
    }
    const document = {
      id: `${file.id}:${id}`,
      source: file.source.name,
      licence: licenceOf(file, site.base),
      url: pageUrl(site.base, title),
      ...(Number.isNaN(Date.parse(time)) ? {} : { time }),
      title,
    };
    yield* textInWindows(text, document, file.source.windowBytes);
  }
}

export const wikipedia = dumpKind('wikipedia', { documents });
