/** One table of wikitext, read from its lines. */

export type TableRow =
  | { readonly kind: 'caption'; readonly text: string }
  | { readonly kind: 'data'; readonly cells: readonly string[] }
  /** Of a table that lays out: lines of blocks in each cell. */
  | { readonly kind: 'layout'; readonly cells: readonly (readonly string[])[] };

export interface Table {
  readonly rows: readonly TableRow[];
  /** The first line after it, and what stands behind its end on the line before. */
  readonly next: number;
  readonly rest: string;
}

export const tableStart = /^[\s:*]*\{\|/;

/** Tables beside the text that repeat it or lead elsewhere. */
const aside = /\b(infobox|navbox|metadata|toc|ambox|sidebar|noprint|mbox-small)/i;

const isBlockLine = (line: string): boolean => /^[*#;:]/.test(line) || tableStart.test(line);

/** What stands before a single bar tells how a cell looks. */
function withoutAttributes(cell: string): string {
  const bar = cell.indexOf('|');
  return bar === -1 || cell.charAt(bar + 1) === '|' ? cell : cell.slice(bar + 1);
}

/** `lines[from]` begins the table; one without an end goes on to the last line. */
export function readTable(lines: readonly string[], from: number): Table {
  const attributes = (lines[from] ?? '').replace(tableStart, '');
  const isGrid = /\bwikitable\b/i.test(attributes);
  const rows: TableRow[] = [];
  let cells: string[][] = [];
  let cell: string[] | undefined;
  let isCaption = false;
  let inner = 0;
  const endCell = () => {
    if (cell === undefined) return;
    if (isCaption) rows.push({ kind: 'caption', text: cell.join(' ') });
    else cells.push(cell);
    cell = undefined;
    isCaption = false;
  };
  const endRow = () => {
    endCell();
    if (cells.length === 0) return;
    const blocks = cells.some((one) => one.slice(1).some(isBlockLine));
    const holdsTable = cells.some((one) => one.some((line) => tableStart.test(line)));
    if (holdsTable || (blocks && !isGrid) || cells.length === 1) rows.push({ kind: 'layout', cells });
    else rows.push({ kind: 'data', cells: cells.map((one) => one.map(inCell).join(' ')) });
    cells = [];
  };
  const startCells = (text: string, separator: RegExp) => {
    for (const part of text.split(separator)) {
      endCell();
      cell = [withoutAttributes(part).trim()];
    }
  };
  let at = from + 1;
  let rest = '';
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const start = line.trimStart();
    if (tableStart.test(line)) inner++;
    if (inner > 0) {
      if (start.startsWith('|}')) inner--;
      cell ??= [];
      cell.push(line);
    } else if (start.startsWith('|}')) {
      rest = start.slice(2);
      at++;
      break;
    } else if (start.startsWith('|-')) endRow();
    else if (start.startsWith('|+')) {
      endRow();
      cell = [withoutAttributes(start.slice(2)).trim()];
      isCaption = true;
    } else if (start.startsWith('|')) startCells(start.slice(1), /\|\|/);
    else if (start.startsWith('!')) startCells(start.slice(1), /\|\||!!/);
    else cell?.push(line);
  }
  endRow();
  return { rows: aside.test(attributes) ? [] : rows, next: at, rest };
}

const inCell = (line: string): string => line.replace(/^[*#;:]+\s*/, '');
