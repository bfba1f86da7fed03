/**
 * The example sentences in the glosses of a WordNet `data.*` file, grouped by lexicographer file (field of meaning) into
 * documents of about 2 kB, one sentence a line: alone, a sentence is too small to be a document.
 */

import { limits } from '../limits.js';
import type { Bytes } from './decompress.js';
import { byteLines } from './text-pieces.js';

const groupCharacters = 2000;
const shortest = 12;

/** The quoted examples of one line of the file. */
export function wordnetExamples(line: string): readonly string[] {
  const bar = line.indexOf('|');
  if (bar === -1) return [];
  return Array.from(line.slice(bar + 1).matchAll(/"([^"]+)"/g), ([, example = '']) => example.trim()).filter(
    (example) => example.length >= shortest,
  );
}

/** Texts of grouped examples, each with the number of its field and its place in the field. */
export async function* readWordnet(
  bytes: Bytes,
): AsyncGenerator<{ readonly place: string; readonly text: string }, void, undefined> {
  const open = new Map<string, { sentences: string[]; characters: number; count: number }>();
  const place = (field: string, count: number) => `${field}:${String(count).padStart(4, '0')}`;
  for await (const line of byteLines(bytes, limits.lineBytes)) {
    if (line.kind === 'too-long') continue;
    const content = Buffer.from(line.bytes).toString('latin1');
    const field = /^\d{8} (\d\d) /.exec(content)?.[1];
    if (field === undefined) continue;
    const group = open.get(field) ?? { sentences: [], characters: 0, count: 0 };
    open.set(field, group);
    for (const example of wordnetExamples(content)) {
      group.sentences.push(example);
      group.characters += example.length + 1;
      if (group.characters < groupCharacters) continue;
      yield { place: place(field, ++group.count), text: group.sentences.join('\n') };
      group.sentences = [];
      group.characters = 0;
    }
  }
  for (const [field, group] of open) {
    if (group.sentences.length > 0) yield { place: place(field, ++group.count), text: group.sentences.join('\n') };
  }
}
