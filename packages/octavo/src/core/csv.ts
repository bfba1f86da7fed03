import { visibleText } from './visible-text.js';

/** How a cell begins that a spreadsheet would run as a formula. */
const formula = /^[=+\-@\t\r]/;
const number = /^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A cell of CSV that people open in a spreadsheet: text that would be a formula begins with ', a number stays one, and
 * control characters are shown. Source: OWASP, CSV injection.
 */
const csvCell = (value: string | number | undefined): string => {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const shown = visibleText(formula.test(text) && !number.test(text) ? `'${text}` : text);
  return /[",\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
};

/** A row as RFC 4180 has it, for people; programs read JSONL. */
export const csvLine = (cells: readonly (string | number | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`;
