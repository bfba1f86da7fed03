/** Texts of the elements of an XML file that a path names: `text` is every element of that name, `page/text` those right inside a page. */
import { limits } from '../limits.js';
import { xmlEvents } from './xml-events.js';

export type XmlItem =
  | { readonly kind: 'text'; readonly number: number; readonly text: string }
  | {
      readonly kind: 'bad';
      readonly number: number;
      readonly reason: 'invalid-xml' | 'line-too-long' | 'no-text';
      readonly detail: string;
    };

export async function* xmlTexts(pieces: AsyncIterable<string>, path: string): AsyncGenerator<XmlItem, void, undefined> {
  const wanted = path.split('/').filter((part) => part !== '');
  const open: string[] = [];
  const ready: XmlItem[] = [];
  let number = 0;
  let captureDepth = 0;
  let text = '';
  let problem: { reason: 'invalid-xml' | 'line-too-long'; detail: string } | undefined;
  let fileProblem: string | undefined;
  const isWanted = () => wanted.every((part, at) => open[open.length - wanted.length + at] === part);
  const stop = yield* xmlEvents(pieces, {
    ready,
    open: (name) => {
      open.push(name);
      if (captureDepth === 0 && isWanted()) captureDepth = open.length;
    },
    close: () => {
      if (captureDepth === open.length && captureDepth > 0) {
        number++;
        ready.push(problem === undefined ? { kind: 'text', number, text } : { kind: 'bad', number, ...problem });
        captureDepth = 0;
        text = '';
        problem = undefined;
      }
      open.pop();
    },
    text: (part) => {
      if (captureDepth === 0 || problem !== undefined) return;
      text += part;
      if (text.length <= limits.lineBytes) return;
      problem = { reason: 'line-too-long', detail: `more than ${limits.lineBytes} characters` };
      text = '';
    },
    problem: (detail) => {
      if (captureDepth > 0) problem ??= { reason: 'invalid-xml', detail };
      else fileProblem ??= detail;
    },
  });
  if (stop !== undefined)
    yield { kind: 'bad', number: number + 1, reason: 'invalid-xml', detail: `${stop}: the rest is not read` };
  else if (captureDepth > 0 && problem !== undefined) yield { kind: 'bad', number: number + 1, ...problem };
  else if (fileProblem !== undefined)
    yield { kind: 'bad', number: number + 1, reason: 'invalid-xml', detail: fileProblem };
  else if (number === 0) yield { kind: 'bad', number: 1, reason: 'no-text', detail: `has no element "${path}"` };
}
