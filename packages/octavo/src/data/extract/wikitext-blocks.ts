/** The lines of wikitext as blocks: headings, paragraphs, lists, tables, quotes and code, in the manner of Markdown. */
import type { Block, BlockKind } from './html-text.js';
import { inlineText, withoutQuotes } from './wikitext-inline.js';
import { mark } from './wikitext-marks.js';
import type { Verbatim } from './wikitext-scan.js';
import { readTable, tableStart } from './wikitext-table.js';

/** Tables inside tables; one that lies deeper is text. */
const mostTables = 8;

const isList = /^[*#:;]+/;
const onlyVerbatim = new RegExp(`^${mark.verbatim}(\\d+)${mark.verbatimEnd}$`);
const quoteMarks = new RegExp(`([${mark.quote}${mark.quoteEnd}${mark.verse}${mark.verseEnd}])`);

export function wikitextBlocks(lines: readonly string[], verbatim: readonly Verbatim[], depth = 0): readonly Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let indented: string[] = [];
  let quotes = 0;
  let isVerse = false;
  let afterTerm = false;

  const inline = (text: string) => inlineText(text, verbatim);
  const codeLine = (line: string) => `${/^ */.exec(line)?.[0] ?? ''}${inline(withoutQuotes(line))}`;
  const push = (kind: BlockKind, text: string) => {
    blocks.push({ kind, text: quotes > 0 ? `> ${text.replaceAll('\n', '\n> ')}` : text, linked: 0 });
  };
  const flush = () => {
    if (indented.length > 1) push('code', `\`\`\`\n${indented.map(codeLine).join('\n')}\n\`\`\``);
    else paragraph.push(...indented);
    const whole = paragraph.map(withoutQuotes).join(isVerse ? mark.line : ' ');
    indented = [];
    paragraph = [];
    if (whole === '') return;
    for (const part of whole.split(mark.paragraph)) {
      const text = inline(part);
      if (text !== '') push('paragraph', text);
    }
  };
  const item = (line: string, bullets: string) => {
    flush();
    const depthOfItem = bullets.replaceAll(/[:;]/g, '').length;
    const bullet = bullets.at(-1) ?? '';
    const words = withoutQuotes(line.slice(bullets.length)).replaceAll(mark.paragraph, ' ');
    if (bullet === ';') {
      const [term = '', ...rest] = words.split(/(?<!\s)(?:\s*:\s+|\s+:)/);
      const text = inline(term);
      const definition = inline(rest.join(': '));
      if (text !== '') push('item', text);
      if (definition !== '') push('item', `: ${definition}`);
      afterTerm = text !== '';
      return;
    }
    const text = inline(words);
    if (text === '') return;
    if (depthOfItem === 0) {
      push(afterTerm ? 'item' : 'paragraph', afterTerm ? `: ${text}` : text);
      return;
    }
    afterTerm = false;
    const indent = '  '.repeat(Math.min(depthOfItem, 10) - 1);
    push('item', `${indent}${bullet === '*' ? '- ' : bullet === '#' ? '1. ' : '  '}${text}`);
  };
  const pushRow = (texts: readonly string[]) => {
    const cells = texts.map((text) => cellText(text, inline));
    if (cells.some((cell) => cell !== '')) push('row', `| ${cells.join(' | ')} |`);
  };
  const plain = (line: string) => {
    const trimmed = line.trim();
    if (trimmed.startsWith('|')) {
      // Part of a table that a template began, or of a template that has no end.
      flush();
      if (!/^\|[-+}]|^\|[^|]*=/.test(trimmed)) pushRow(trimmed.slice(1).split('||'));
      return;
    }
    if (isVerse && trimmed !== '') {
      paragraph.push(trimmed);
      return;
    }
    const bullets = isList.exec(line)?.[0];
    if (bullets !== undefined) {
      item(line, bullets);
      return;
    }
    afterTerm = false;
    if (trimmed === '' || trimmed.replaceAll(mark.gone, '').trim() === '' || /^-{4,}/.test(trimmed)) {
      flush();
      return;
    }
    const code = onlyVerbatim.exec(trimmed);
    const found = verbatim[Number(code?.[1])];
    if (found?.isBlock === true) {
      flush();
      push('code', `\`\`\`\n${found.text}\n\`\`\``);
      return;
    }
    const [, opening = '', title = '', closing = ''] = /^(={1,6})([^\n]*?)(={1,6})$/.exec(trimmed) ?? [];
    const level = Math.min(opening.length, closing.length);
    if (level > 0 && title.trim() !== '') {
      flush();
      const text = inline(withoutQuotes(title.replaceAll(mark.paragraph, ' ')));
      if (text !== '') push('heading', `${'#'.repeat(level)} ${text}`);
      return;
    }
    if (line.startsWith(' ') && quotes === 0) {
      if (paragraph.length > 0) flush();
      indented.push(line.slice(1));
      return;
    }
    if (indented.length > 0) flush();
    paragraph.push(trimmed);
  };
  const withMarks = (line: string) => {
    for (const part of line.split(quoteMarks)) {
      if (part === mark.quote || part === mark.quoteEnd) {
        flush();
        quotes = part === mark.quote ? quotes + 1 : Math.max(0, quotes - 1);
      } else if (part === mark.verse || part === mark.verseEnd) {
        flush();
        isVerse = part === mark.verse;
      } else if (part !== '') plain(part);
    }
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (depth < mostTables && tableStart.test(line)) {
      flush();
      const { rows, next, rest } = readTable(lines, at);
      for (const row of rows) {
        if (row.kind === 'caption') {
          plain(row.text);
          flush();
        } else if (row.kind === 'data') pushRow(row.cells);
        else {
          for (const cell of row.cells)
            for (const block of wikitextBlocks(cell, verbatim, depth + 1)) push(block.kind, block.text);
        }
      }
      at = next - 1;
      if (rest !== '') plain(rest);
      continue;
    }
    if (quoteMarks.test(line)) withMarks(line);
    else plain(line);
  }
  flush();
  return blocks;
}

const cellText = (cell: string, inline: (text: string) => string): string =>
  inline(withoutQuotes(cell).replaceAll(cellMarks, ' ')).replaceAll('\n', ' ').replaceAll('|', '\\|');

const cellMarks = new RegExp(`[${mark.paragraph}${mark.quote}${mark.quoteEnd}${mark.verse}${mark.verseEnd}]`, 'g');

/** Headings with nothing under them go: their lists were of templates, or their text was references. */
export function withoutEmptySections(blocks: readonly Block[]): readonly Block[] {
  const kept: Block[] = [];
  let next: Block | undefined;
  const level = ({ text }: Block) => text.replace(/^> /, '').search(/[^#]/);
  for (const block of blocks.toReversed()) {
    if (block.kind === 'heading' && (next === undefined || (next.kind === 'heading' && level(next) <= level(block))))
      continue;
    kept.push(block);
    next = block;
  }
  return kept.reverse();
}
