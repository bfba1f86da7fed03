import { measurePage } from './html-score.js';
import { blocksOf, joinBlocks } from './html-text.js';
import { elementsOf, htmlTree } from './html-tree.js';

/** All text of a document that is nothing but text, such as a chapter of a book: no search for its main part. */
export function plainHtml(html: string, options: { readonly isXml?: boolean } = {}): string {
  const root = htmlTree(html, options);
  const measures = measurePage(root);
  let body = root;
  for (const element of elementsOf(root)) {
    if (element.tag !== 'body') continue;
    body = element;
    break;
  }
  const isPart = ({ tag }: { readonly tag: string }) => !silent.has(tag);
  return joinBlocks(blocksOf({ element: body, isPart, measures }));
}

const silent = new Set(['script', 'style', 'head', 'title', 'template', 'svg', 'iframe']);
