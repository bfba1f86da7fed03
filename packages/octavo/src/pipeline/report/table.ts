import { type Content, type Html, html, nothing } from './html.js';

export interface DataTable {
  /** Read out, and shown unless hidden. */
  readonly caption: Content;
  readonly hideCaption?: boolean;
  readonly head: readonly Content[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Content[])[];
  /** Columns of words, written from the left; the first always is, others hold numbers. */
  readonly words?: readonly number[];
  /** Columns of drawings, whose heading is only read out. */
  readonly drawn?: readonly number[];
  /** Rows to set off. */
  readonly strong?: readonly number[];
  /** On a narrow screen each row becomes a block of its own. */
  readonly stack?: boolean;
}

/** A table with caption and headings; where it is wider than the page it scrolls in itself, also by keyboard. */
export const dataTable = (the: DataTable): Html => {
  const { caption, hideCaption = false, head, rows, words = [], drawn = [], strong = [], stack = false } = the;
  const kind = (column: number) => {
    if (drawn.includes(column)) return 'drawn';
    return column === 0 || words.includes(column) ? 'words' : 'number';
  };
  // Laid out as blocks, a table would no longer be read out as one: the roles say that it is.
  const role = (name: string): Html => (stack ? html` role="${name}"` : nothing);
  const heading = (cell: Content, column: number): Html =>
    html`<th scope="col" class="${kind(column)}"${role('columnheader')}>${drawn.includes(column) ? html`<span class="hidden">${cell}</span>` : cell}</th>`;
  const cellHtml = (cell: Content, column: number): Html => {
    if (column === 0) return html`<th scope="row"${role('rowheader')}>${cell}</th>`;
    const label =
      stack && !drawn.includes(column) ? html`<span class="label" aria-hidden="true">${head[column]} </span>` : nothing;
    return html`<td class="${kind(column)}"${role('cell')}>${label}${cell}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="${stack ? 'stack' : ''}"${role('table')}><caption class="${hideCaption ? 'hidden' : ''}">${caption}</caption><thead${role('rowgroup')}><tr${role('row')}>${head.map(heading)}</tr></thead><tbody${role('rowgroup')}>${rows.map(
    (row, at) => html`<tr class="${strong.includes(at) ? 'strong' : ''}"${role('row')}>${row.map(cellHtml)}</tr>`,
  )}</tbody></table></div>`;
};
