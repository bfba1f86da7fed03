import { type HtmlElement, htmlTree } from '../extract/html-tree.js';

const blocks = new Set('blockquote dd div dl dt figure h1 h2 h3 h4 h5 h6 hr li ol p pre table tr ul'.split(' '));

/** The HTML of a post or a comment as text: all of it, unlike a page; blocks are parted by an empty line. */
export function postText(html: string): string {
  const parts: string[] = [];
  const waiting: (HtmlElement | string | { readonly end: boolean })[] = [htmlTree(html)];
  let preformatted = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string') parts.push(preformatted > 0 ? next : next.replaceAll(/\s+/g, ' '));
    else if ('end' in next) {
      if (next.end) preformatted--;
      parts.push('\n\n');
    } else if (next.tag === 'br') parts.push('\n');
    else if (next.tag !== 'script' && next.tag !== 'style') {
      if (blocks.has(next.tag)) {
        parts.push('\n\n');
        waiting.push({ end: next.tag === 'pre' });
      }
      if (next.tag === 'pre') preformatted++;
      if (next.tag === 'li') parts.push('- ');
      for (const child of next.children.toReversed()) waiting.push(child);
    }
  }
  return parts
    .join('')
    .replaceAll(/(?<![^\S\n])[^\S\n]+\n/g, '\n')
    .replaceAll(/\n (?=\S)/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
