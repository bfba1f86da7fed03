import { SaxesParser } from 'saxes';
import { unreachable } from './http.js';

/** What an answer of S3 says: the texts below its root by name, and its `Contents`, each the same. */
export interface S3Answer {
  readonly root: string;
  readonly text: ReadonlyMap<string, string>;
  readonly items: readonly ReadonlyMap<string, string>[];
}

const deepest = 8;
const mostItems = 10_000;
const mostCharacters = 8192;

/** Entities of the document's own do not expand. Errors: BLOB_UNREACHABLE for what is no answer of S3. */
export function readS3Answer(xml: string, where: string): S3Answer {
  const text = new Map<string, string>();
  const items: Map<string, string>[] = [];
  const path: string[] = [];
  let root = '';
  let words = '';
  // An empty answer is a good one: PUT and DELETE have no more to say.
  if (xml.trim() === '') return { root, text, items };
  const parser = new SaxesParser();
  const refuse = (what: string): never => {
    throw unreachable(where, `the answer is not one of S3: ${what}`);
  };
  parser.on('error', (error) => refuse(error.message.slice(0, 100)));
  parser.on('doctype', () => refuse('it has a document type'));
  parser.on('opentag', ({ name }) => {
    path.push(name);
    if (path.length > deepest) refuse('it is too deep');
    if (path.length === 1) root = name;
    if (path.length === 2 && name === 'Contents') items.push(new Map());
    if (items.length > mostItems) refuse('it lists too much');
    words = '';
  });
  parser.on('text', (piece) => {
    words += piece;
    if (words.length > mostCharacters) refuse('a text is too long');
  });
  parser.on('closetag', ({ name }) => {
    if (path.length === 2) text.set(name, words);
    if (path.length === 3 && path[1] === 'Contents') items.at(-1)?.set(name, words);
    path.pop();
    words = '';
  });
  parser.write(xml).close();
  return { root, text, items };
}
