import { elementsOf, type HtmlElement, htmlTree } from './html-tree.js';

export interface Article {
  readonly title: string;
  readonly text: string;
  /** As the page says it: `en`, `zh-CN`. */
  readonly language?: string;
  /** Address or name of a licence that the page links as its own. */
  readonly licence?: string;
  /** ISO date, with time where the page has one. */
  readonly published?: string;
}

const silent = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'iframe',
  'svg',
  'head',
  'title',
  'textarea',
  'select',
  'nav',
  'footer',
  'form',
]);
const blocks = new Set(
  'address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header li main ol p pre section table td th tr ul'.split(
    ' ',
  ),
);

function bodyText(root: HtmlElement): string {
  const parts: string[] = [];
  const visit = (element: HtmlElement): void => {
    if (silent.has(element.tag)) return;
    const isBlock = blocks.has(element.tag);
    if (isBlock) parts.push('\n');
    for (const child of element.children) {
      if (typeof child === 'string') parts.push(child.replaceAll(/\s+/g, ' '));
      else visit(child);
    }
    if (isBlock) parts.push('\n');
  };
  visit(root);
  return parts
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n\n');
}

/** The main content of a page and what it says of itself. */
export function extractArticle(html: string, _options: { readonly url?: string } = {}): Article {
  const root = htmlTree(html);
  let title = '';
  let language: string | undefined;
  for (const element of elementsOf(root)) {
    if (element.tag === 'title' && title === '')
      title = element.children
        .filter((child) => typeof child === 'string')
        .join('')
        .trim();
    if (element.tag === 'html') language = element.attributes.get('lang');
  }
  return { title, text: bodyText(root), ...(language === undefined ? {} : { language }) };
}
