/** Part of a page as plain text in the manner of Markdown: paragraphs, headings, lists, tables, quotes and code. */
import type { MainText } from './html-main.js';
import { isBreak, isInline, type Measures, onOneLine } from './html-score.js';
import type { HtmlElement } from './html-tree.js';

export type BlockKind = 'paragraph' | 'heading' | 'item' | 'code' | 'row';

export interface Block {
  readonly kind: BlockKind;
  readonly text: string;
  /** Characters inside links. */
  readonly linked: number;
}

interface Place {
  readonly prefix: string;
  readonly kind: BlockKind;
  readonly linked: boolean;
}

const headings: ReadonlyMap<string, string> = new Map(
  [1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, `${'#'.repeat(level)} `]),
);

/** Text of an element with line ends as they are. */
function rawText(element: HtmlElement): string {
  let text = '';
  for (const child of element.children) {
    if (typeof child === 'string') text += child;
    else text += child.tag === 'br' ? '\n' : rawText(child);
  }
  return text;
}

const cellText = (cell: HtmlElement): string => onOneLine(rawText(cell)).trim().replaceAll('|', '\\|');

/** One space between words, none around line ends. */
const tidy = (line: string): string =>
  line
    .replaceAll(/[^\S\n]{2,}/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .trim();

/** The blocks of an element, in the order of the page; `isPart` says which elements below it belong. */
export function blocksOf({
  element: root,
  measures,
  isPart,
}: MainText & { readonly measures: Measures }): readonly Block[] {
  const blocks: Block[] = [];
  let line = '';
  let linked = 0;
  const flush = ({ kind, prefix }: Place) => {
    const text = tidy(line);
    if (text !== '') blocks.push({ kind, text: `${prefix}${text}`, linked });
    line = '';
    linked = 0;
  };
  const visit = (element: HtmlElement, place: Place): void => {
    for (const [at, child] of element.children.entries()) {
      if (typeof child === 'string') {
        const text = onOneLine(child);
        line += text;
        if (place.linked) linked += text.trim().length;
      } else if (child.tag === 'br') {
        if (isBreak(element.children, at)) flush(place);
        else line += '\n';
      } else if (!isPart(child)) {
        if (!isInline(child)) flush(place);
      } else if (isInline(child)) {
        const mark = child.tag === 'code' && measures.of(child).text > 0 ? '`' : '';
        line += mark;
        visit(child, child.tag === 'a' ? { ...place, linked: true } : place);
        line += mark;
      } else {
        flush(place);
        visitBlock(child, place);
      }
    }
  };
  const visitBlock = (element: HtmlElement, place: Place): void => {
    const { tag } = element;
    if (tag === 'pre') {
      const code = rawText(element).replace(/^\n/, '').trimEnd();
      if (code.trim() !== '') blocks.push({ kind: 'code', text: `\`\`\`\n${code}\n\`\`\``, linked: 0 });
      return;
    }
    if (tag === 'tr' && isDataRow(element)) {
      const cells = element.children
        .filter((child) => typeof child === 'object')
        .filter(isPart)
        .map(cellText);
      if (cells.some((cell) => cell !== '')) blocks.push({ kind: 'row', text: `| ${cells.join(' | ')} |`, linked: 0 });
      return;
    }
    const inner = innerPlace(tag, element, place);
    visit(element, inner);
    flush(inner);
  };
  const start: Place = { prefix: '', kind: 'paragraph', linked: false };
  visit(root, start);
  flush(start);
  return blocks;
}

function innerPlace(tag: string, element: HtmlElement, place: Place): Place {
  const heading = headings.get(tag);
  if (heading !== undefined) return { ...place, prefix: heading, kind: 'heading' };
  if (tag === 'li') return { ...place, kind: 'item', prefix: element.parent?.tag === 'ol' ? '1. ' : '- ' };
  if (tag === 'blockquote') return { ...place, prefix: '> ' };
  return place;
}

/** A row of a table of data holds two or more cells, none of them with blocks of its own. */
function isDataRow(row: HtmlElement): boolean {
  const cells = row.children.filter((child) => typeof child === 'object');
  if (cells.length < 2) return false;
  return cells.every((cell) =>
    cell.children.every(
      (child) => typeof child === 'string' || isInline(child) || child.tag === 'p' || child.tag === 'br',
    ),
  );
}

/** Lists, rows and lines of verse hold together; all else stands apart. */
export function joinBlocks(blocks: readonly Block[]): string {
  let text = '';
  let before: Block | undefined;
  for (const block of blocks) {
    const together = before?.kind === block.kind && (block.kind === 'item' || block.kind === 'row');
    text += before === undefined ? block.text : `${together ? '\n' : '\n\n'}${block.text}`;
    before = block;
  }
  return text;
}
