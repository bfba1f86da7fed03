import { createReadStream, statSync } from 'node:fs';
import { fail } from '../../core/index.js';
import { decompress } from '../extract/decompress.js';
import { factOfValue } from '../extract/row-facts.js';
import { byteLines } from '../extract/text-pieces.js';
import { limits } from '../limits.js';
import type { LabelledItem } from './kinds.js';
import type { GivenItem } from './projects.js';

const own = new Set(['id', 'text', 'prompt', 'a', 'b', 'meta', 'annotations']);

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const wrongFile = (what: string, where: string, remedy: string) => fail('LABEL_FORMAT', { what, where, remedy });

/** Milliseconds of an ISO time; undefined where there is none. */
export const timeOf = (value: unknown): number | undefined => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
};

const annotationOf = (given: unknown, where: string): GivenItem['annotations'][number] => {
  if (!isRecord(given) || typeof given['annotator'] !== 'string')
    throw wrongFile('an annotation has no annotator', where, 'write it as { "annotator": "…", "value": … }');
  const { annotator, value, time, comment } = given;
  const timeMs = timeOf(time);
  return {
    annotator,
    value,
    ...(timeMs === undefined ? {} : { timeMs }),
    ...(typeof comment === 'string' ? { comment } : {}),
  };
};

/** Fields of a row: its text, and perhaps a label and whose it is. */
export interface RowFields {
  readonly textField: string;
  readonly labelField?: string | undefined;
  readonly annotator?: string;
}

/** One row: what is ours by name, all else beside it in `meta`. A row without an id is called after its line. */
export function itemOfRow(
  row: unknown,
  { where, textField, labelField, annotator = 'import' }: RowFields & { readonly where: string },
): GivenItem {
  if (!isRecord(row)) throw wrongFile('a row is not a JSON object', where, 'write one object a line');
  const { id, annotations = [], meta, ...rest } = row;
  const text = row[textField];
  const others = Object.entries(rest).filter(([name]) => !own.has(name) && name !== textField);
  if (!Array.isArray(annotations)) throw wrongFile('annotations is not a list', where, 'write "annotations": [ … ]');
  const kept = { ...(isRecord(meta) ? meta : {}), ...Object.fromEntries(others) };
  const content = {
    id: id === undefined ? where : String(id),
    ...(text === undefined ? {} : { text }),
    ...Object.fromEntries(
      ['prompt', 'a', 'b'].flatMap((name) =>
        row[name] === undefined || name === textField ? [] : [[name, row[name]]],
      ),
    ),
    ...(Object.keys(kept).length === 0 ? {} : { meta: kept }),
  };
  const label = labelField === undefined ? undefined : factOfValue('label', row[labelField]);
  return {
    content,
    annotations: [
      ...annotations.map((one: unknown) => annotationOf(one, where)),
      ...(label === undefined ? [] : [{ annotator, value: { labels: [label] } }]),
    ],
    where,
  };
}

/** Refuses what might never end. Errors: LABEL_FORMAT. */
export const refusePipe = (path: string, name: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw wrongFile('this is no regular file', name, 'name a file, not a folder, a pipe or a device');
};

/** Lines of a text file, plain or compressed, without the ends of lines. Errors: LABEL_FORMAT. */
export async function* fileLines(
  path: string,
  name: string,
): AsyncGenerator<{ readonly text: string; readonly where: string }> {
  refusePipe(path, name);
  let number = 0;
  for await (const line of byteLines(decompress(createReadStream(path), name), limits.lineBytes)) {
    number++;
    const where = `${name}:${number}`;
    if (line.kind === 'too-long')
      throw wrongFile(`the line is longer than ${limits.lineBytes} bytes`, where, 'cut the text into smaller items');
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 }).decode(line.bytes);
    } catch {
      throw wrongFile('the line is not UTF-8', where, 'save the file as UTF-8');
    }
    yield { text: text.replace(/\r$/, ''), where };
  }
}

/** Items of a JSONL file, a line at a time. Errors: LABEL_FORMAT. */
export async function* readJsonl(
  path: string,
  { name, ...fields }: RowFields & { readonly name: string },
): AsyncGenerator<GivenItem> {
  for await (const { text, where } of fileLines(path, name)) {
    if (text.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch {
      throw wrongFile('this is not JSON', where, 'write one JSON object a line');
    }
    yield itemOfRow(row, { where, ...fields });
  }
}

/** One item as a line, which `readJsonl` reads back. */
export const jsonlLine = (
  { content, annotations }: LabelledItem,
  more: Readonly<Record<string, string | number>> = {},
): string =>
  `${JSON.stringify({
    ...content,
    ...more,
    annotations: annotations.map(({ annotator, value, timeMs, comment }) => ({
      annotator,
      value,
      time: new Date(timeMs).toISOString(),
      ...(comment === undefined ? {} : { comment }),
    })),
  })}\n`;
