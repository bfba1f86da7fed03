import { mainText } from './html-main.js';
import { pageFacts } from './html-meta.js';
import { isProse, measurePage } from './html-score.js';
import { type Block, blocksOf, joinBlocks } from './html-text.js';
import { htmlTree } from './html-tree.js';

export interface Article {
  readonly title: string;
  /** Paragraphs apart by empty lines; headings, lists, tables, quotes and code in the manner of Markdown. */
  readonly text: string;
  /** As the page says it: `en`, `zh-CN`. */
  readonly language?: string;
  /** Address or name of a licence that the page gives as its own. */
  readonly licence?: string;
  /** ISO date, with time where the page has one. */
  readonly published?: string;
}

/** Letters and digits alone, of a text short enough to be a title. */
const bare = (text: string): string | undefined =>
  text.length > 1000
    ? undefined
    : text
        .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
        .trim()
        .toLowerCase();

const isProseBlock = ({ text, linked }: Block): boolean =>
  isProse({ text: text.length, linked, marked: /[.!?。！？]/.test(text) });

/** Without the page's title above the text, without links that stand alone, and without headings that nothing follows. */
function trimmedBlocks(blocks: readonly Block[], titles: ReadonlySet<string | undefined>): readonly Block[] {
  const first = Math.max(3, blocks.findIndex(isProseBlock));
  const kept = blocks.filter((block, at) => {
    const isTitle = at <= first && titles.has(bare(block.text));
    return !isTitle && !(block.kind === 'paragraph' && block.linked > 0.8 * block.text.length);
  });
  while (kept.at(-1)?.kind === 'heading') kept.pop();
  return kept;
}

/** The main content of a page and what the page says of itself; `url` completes its links. Time is linear in its length; no page makes it throw. */
export function extractArticle(html: string, { url }: { readonly url?: string } = {}): Article {
  const root = htmlTree(html);
  const { headings, ...facts } = pageFacts(root, url);
  const measures = measurePage(root);
  const blocks = blocksOf({ ...mainText(root, measures), measures });
  const titles = new Set([facts.title, ...headings].map(bare).filter((title) => title !== undefined && title !== ''));
  return { ...facts, text: joinBlocks(trimmedBlocks(blocks, titles)) };
}
