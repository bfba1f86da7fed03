import { type Content, type Html, html } from './html.js';

export interface DataTable {
  /** Read out, and shown unless hidden. */
  readonly caption: Content;
  readonly hideCaption?: boolean;
  readonly head: readonly Content[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Content[])[];
  /** Columns of words, written from the left; the first always is, others hold numbers. */
  readonly words?: readonly number[];
  /** Rows to set off. */
  readonly strong?: readonly number[];
}

/** A table with caption and headings; where it is wider than the page it scrolls in itself, also by keyboard. */
export const dataTable = ({ caption, hideCaption = false, head, rows, words = [], strong = [] }: DataTable): Html => {
  const kind = (column: number) => (column === 0 || words.includes(column) ? '' : 'number');
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table><caption class="${hideCaption ? 'hidden' : ''}">${caption}</caption><thead><tr>${head.map(
    (cell, column) => html`<th scope="col" class="${kind(column)}">${cell}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row, at) =>
      html`<tr class="${strong.includes(at) ? 'strong' : ''}">${row.map((cell, column) =>
        column === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(column)}">${cell}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
};
