import type { Collected } from '../document.js';
import { extractArticle } from '../extract/html.js';
import { textInWindows } from '../in-windows.js';
import type { Source } from './kind.js';

/** A page as documents: its main text, with where and when it was found, or when it says that it was published. */
export async function* articleDocuments(
  source: Source,
  page: {
    readonly id: string;
    readonly url: string | undefined;
    readonly at: string | undefined;
    readonly text: string;
    readonly isHtml: boolean;
    readonly title?: string | undefined;
  },
): AsyncGenerator<Collected, void, undefined> {
  const article = page.isHtml ? extractArticle(page.text, page.url === undefined ? {} : { url: page.url }) : undefined;
  const title = page.title ?? article?.title ?? '';
  const document = {
    id: page.id,
    source: source.name,
    licence: source.licence === 'unknown' ? (article?.licence ?? source.licence) : source.licence,
    url: page.url,
    time: article?.published ?? page.at,
    ...(title === '' ? {} : { title }),
  };
  yield* textInWindows(article?.text ?? page.text, document, source.windowBytes);
}
