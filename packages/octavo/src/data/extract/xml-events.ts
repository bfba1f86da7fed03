/**
 * XML as events, in bounded memory. A document type is read over, so no entity of its own expands, and a reference to one is a
 * problem that is told; so is what breaks the rules, and the reading goes on.
 */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { limits } from '../limits.js';

export interface XmlEvents<Item> {
  readonly open: (name: string, attributes: SaxesTagPlain['attributes']) => void;
  readonly close: (name: string) => void;
  readonly text: (part: string) => void;
  readonly problem: (detail: string) => void;
  /** What the events made; it is given on after each stretch. */
  readonly ready: Item[];
}

export const xmlLimits = { depth: 1000, silentCharacters: 2 * limits.lineBytes, errors: 1000 };

/** Gives what the events make; returns why the rest was not read, if it was not. */
export async function* xmlEvents<Item>(
  pieces: AsyncIterable<string>,
  { open, close, text, problem, ready }: XmlEvents<Item>,
): AsyncGenerator<Item, string | undefined, undefined> {
  const parser = new SaxesParser();
  let depth = 0;
  let deepest = 0;
  let silent = 0;
  // Without the end of an element between them; each costs time, and a run of zeros is one a character.
  let errors = 0;
  parser.on('error', ({ message }) => {
    errors++;
    problem(message.slice(0, 120));
  });
  parser.on('opentag', ({ name, attributes }) => {
    silent = 0;
    deepest = Math.max(deepest, ++depth);
    open(name, attributes);
  });
  parser.on('closetag', ({ name }) => {
    silent = 0;
    errors = 0;
    depth--;
    close(name);
  });
  const take = (part: string) => {
    silent = 0;
    text(part);
  };
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
      if (deepest > xmlLimits.depth) return `elements lie more than ${xmlLimits.depth} deep`;
      if (silent > xmlLimits.silentCharacters)
        return `a tag, comment or text of more than ${xmlLimits.silentCharacters} characters`;
      if (errors > xmlLimits.errors) return `it breaks the rules more than ${xmlLimits.errors} times in a row`;
    }
  }
  if (depth > 0) problem('the file ends inside an element');
  parser.close();
  yield* ready.splice(0);
  return undefined;
}
