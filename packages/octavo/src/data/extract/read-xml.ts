/**
 * Texts of the elements of an XML file that a path names: `text` is every element of that name, `page/text` those right
 * inside a page. Streams; a document type is read over, so no entity of its own expands, and a reference to one is an error.
 */
import { SaxesParser } from 'saxes';
import { limits } from '../limits.js';

export type XmlItem =
  | { readonly kind: 'text'; readonly number: number; readonly text: string }
  | {
      readonly kind: 'bad';
      readonly number: number;
      readonly reason: 'invalid-xml' | 'line-too-long' | 'no-text';
      readonly detail: string;
    };

const xmlLimits = { depth: 1000, silentCharacters: 2 * limits.lineBytes };

export async function* xmlTexts(pieces: AsyncIterable<string>, path: string): AsyncGenerator<XmlItem, void, undefined> {
  const wanted = path.split('/').filter((part) => part !== '');
  const parser = new SaxesParser();
  const open: string[] = [];
  const ready: XmlItem[] = [];
  let number = 0;
  let captureDepth = 0;
  let text = '';
  let problem: { reason: 'invalid-xml' | 'line-too-long'; detail: string } | undefined;
  let fileProblem: string | undefined;
  let isTooDeep = false;
  let silent = 0;
  const isWanted = () => wanted.every((part, at) => open[open.length - wanted.length + at] === part);
  const take = (part: string) => {
    silent = 0;
    if (captureDepth === 0 || problem !== undefined) return;
    text += part;
    if (text.length <= limits.lineBytes) return;
    problem = { reason: 'line-too-long', detail: `more than ${limits.lineBytes} characters` };
    text = '';
  };
  parser.on('error', ({ message }) => {
    const detail = message.slice(0, 120);
    if (captureDepth > 0) problem ??= { reason: 'invalid-xml', detail };
    else fileProblem ??= detail;
  });
  parser.on('opentag', ({ name }) => {
    silent = 0;
    open.push(name);
    isTooDeep ||= open.length > xmlLimits.depth;
    if (captureDepth === 0 && isWanted()) captureDepth = open.length;
  });
  parser.on('closetag', () => {
    silent = 0;
    if (captureDepth === open.length && captureDepth > 0) {
      number++;
      ready.push(problem === undefined ? { kind: 'text', number, text } : { kind: 'bad', number, ...problem });
      captureDepth = 0;
      text = '';
      problem = undefined;
    }
    open.pop();
  });
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('comment', () => {
    silent = 0;
  });
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += 65_536) {
      const part = piece.slice(at, at + 65_536);
      silent += part.length;
      parser.write(part);
      yield* ready.splice(0);
      const stop = isTooDeep
        ? `elements lie more than ${xmlLimits.depth} deep`
        : silent > xmlLimits.silentCharacters
          ? `a tag, comment or text of more than ${xmlLimits.silentCharacters} characters`
          : undefined;
      if (stop === undefined) continue;
      yield { kind: 'bad', number: number + 1, reason: 'invalid-xml', detail: `${stop}: the rest is not read` };
      return;
    }
  }
  if (captureDepth > 0) problem ??= { reason: 'invalid-xml', detail: 'the file ends inside the element' };
  const unfinished = problem;
  try {
    parser.close();
  } catch (error) {
    fileProblem ??= error instanceof Error ? error.message : 'not XML';
  }
  yield* ready.splice(0);
  if (captureDepth > 0 && unfinished !== undefined) yield { kind: 'bad', number: ++number, ...unfinished };
  else if (fileProblem !== undefined)
    yield { kind: 'bad', number: number + 1, reason: 'invalid-xml', detail: fileProblem };
  else if (number === 0) yield { kind: 'bad', number: 1, reason: 'no-text', detail: `has no element "${path}"` };
}
