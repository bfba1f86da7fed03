/**
 * Rows of CSV and TSV as RFC 4180 has them, the first row naming the columns. A row that breaks the rules is rejected alone:
 * after a quote that never closes, reading goes on at the next line, so no row is lost to it.
 */
import { limits } from '../limits.js';

export type CsvRow =
  | { readonly kind: 'row'; readonly line: number; readonly fields: readonly string[] }
  | { readonly kind: 'bad'; readonly line: number; readonly detail: string; readonly start: string };

type Scanned =
  | { readonly kind: 'row'; readonly fields: readonly string[]; readonly end: number; readonly lines: number }
  | { readonly kind: 'bad'; readonly detail: string }
  | { readonly kind: 'more' };

const notClosed = 'a quoted field is not closed';

/** One record from a place in the text. `isLast`: nothing follows the text. */
function scan(
  text: string,
  from: number,
  { separator, isLast }: { readonly separator: string; readonly isLast: boolean },
): Scanned {
  const fields: string[] = [];
  let at = from;
  let lines = 1;
  while (true) {
    let field = '';
    if (text[at] === '"') {
      at++;
      while (true) {
        const quote = text.indexOf('"', at);
        if (quote === -1 || (quote === text.length - 1 && !isLast)) {
          return isLast ? { kind: 'bad', detail: notClosed } : { kind: 'more' };
        }
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      for (let newline = field.indexOf('\n'); newline !== -1; newline = field.indexOf('\n', newline + 1)) lines++;
      if (text[at] === '\r' && (text[at + 1] === '\n' || (at + 1 === text.length && isLast))) at++;
      else if (text[at] === '\r' && at + 1 === text.length) return { kind: 'more' };
    } else {
      const start = at;
      while (at < text.length && text[at] !== separator && text[at] !== '\n') at++;
      if (at === text.length && !isLast) return { kind: 'more' };
      field = text.slice(start, at);
      if (text[at] !== separator && field.endsWith('\r')) field = field.slice(0, -1);
      if (field.includes('"'))
        return { kind: 'bad', detail: 'a quote stands inside a field that does not begin with one' };
    }
    fields.push(field);
    if (at >= text.length) return isLast ? { kind: 'row', fields, end: at, lines } : { kind: 'more' };
    if (text[at] === '\n') return { kind: 'row', fields, end: at + 1, lines };
    if (text[at] !== separator) return { kind: 'bad', detail: 'text follows a closing quote' };
    at++;
  }
}

/** Rows of a text that comes in pieces. At most one row and one piece are in memory. */
export async function* csvRows(
  pieces: AsyncIterable<string>,
  separator: string,
): AsyncGenerator<CsvRow, void, undefined> {
  let text = '';
  let from = 0;
  let line = 1;
  // The rest of a line that was given up is passed over, however long it is.
  let skipping = false;
  // A row that is not whole is scanned again only when twice as much is there: time stays linear.
  let enough = 0;
  let rescanned = 0;
  const rows = function* (isLast: boolean): Generator<CsvRow, void, undefined> {
    while (from < text.length) {
      if (skipping) {
        const newline = text.indexOf('\n', from);
        from = newline === -1 ? text.length : newline + 1;
        skipping = newline === -1;
        if (!skipping) line++;
        continue;
      }
      if (!isLast && text.length - from < enough) return;
      enough = 0;
      const found = scan(text, from, { separator, isLast });
      const isLong = text.length - from > limits.lineBytes;
      if (found.kind === 'more' && !isLong) {
        enough = Math.min(2 * (text.length - from), limits.lineBytes + 1);
        return;
      }
      if (found.kind === 'row' && found.end - from <= limits.lineBytes) {
        const isBlank = found.fields.length === 1 && found.fields[0] === '';
        if (!isBlank) yield { kind: 'row', line, fields: found.fields };
        from = found.end;
        line += found.lines;
        continue;
      }
      if (found.kind === 'more' || (found.kind === 'bad' && found.detail === notClosed))
        rescanned += text.length - from;
      const detail =
        found.kind === 'bad' ? found.detail : `no end within ${limits.lineBytes} characters: an open quote, or no row`;
      yield { kind: 'bad', line, detail, start: text.slice(from, from + limits.excerptCharacters) };
      if (rescanned > 16 * limits.lineBytes) {
        yield {
          kind: 'bad',
          line: line + 1,
          detail: 'too many open quotes: the rest of the file is not read',
          start: '',
        };
        return;
      }
      skipping = true;
    }
  };
  for await (const piece of pieces) {
    text = text.slice(from) + piece;
    from = 0;
    yield* rows(false);
    if (rescanned > 16 * limits.lineBytes) return;
  }
  text = text.slice(from);
  from = 0;
  yield* rows(true);
}
