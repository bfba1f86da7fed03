import { jsonRows } from '../../text/index.js';
import { type Collected, type DropReason, labelOfValue } from '../document.js';
import { limits } from '../limits.js';
import type { Bytes } from './decompress.js';
import { jsonSlices } from './read-json.js';
import { blocksOfLines } from './text-pieces.js';

type Parsed =
  | { readonly kind: 'text'; readonly text: string; readonly label?: string | undefined }
  | { readonly kind: 'bad'; readonly reason: DropReason; readonly detail: string; readonly shown: Uint8Array };

export interface RowContext {
  readonly fileId: string;
  readonly source: string;
  readonly textField: string;
  readonly labelField?: string | undefined;
  readonly licence: string;
}

const tooLong = (start: Uint8Array): Parsed => ({
  kind: 'bad',
  reason: 'line-too-long',
  detail: `more than ${limits.lineBytes} bytes`,
  shown: start,
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseRow(bytes: Uint8Array, { textField, labelField = '' }: RowContext): Parsed {
  const bad = (reason: DropReason, detail: string): Parsed => ({
    kind: 'bad',
    reason,
    detail,
    shown: bytes.subarray(0, 256),
  });
  let content: string;
  try {
    content = utf8.decode(bytes);
  } catch {
    return bad('invalid-utf8', 'the line is not UTF-8');
  }
  let row: unknown;
  try {
    row = JSON.parse(content);
  } catch (error) {
    return bad('invalid-json', error instanceof Error ? error.message.slice(0, 120) : 'not JSON');
  }
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, textField))
    return bad('no-text', `has no field "${textField}"`);
  const text: unknown = Reflect.get(row, textField);
  if (typeof text !== 'string') return bad('no-text', `field "${textField}" is not text`);
  return {
    kind: 'text',
    text,
    label: Object.hasOwn(row, labelField) ? labelOfValue(Reflect.get(row, labelField)) : undefined,
  };
}

const documentOf = (
  number: number,
  { text, label }: Extract<Parsed, { kind: 'text' }>,
  { fileId, source, licence }: RowContext,
): Collected => ({
  kind: 'document',
  document: { id: `${fileId}:${number}`, source, licence, text, label },
});

function collected(number: number, parsed: Parsed, context: RowContext): Collected {
  if (parsed.kind === 'text') return documentOf(number, parsed, context);
  const { fileId, source } = context;
  const excerpt = new TextDecoder().decode(parsed.shown).slice(0, limits.excerptCharacters);
  return {
    kind: 'rejected',
    dropped: { id: `${fileId}:${number}`, source, reason: parsed.reason, detail: parsed.detail, excerpt },
  };
}

/** Rows of JSON, one a line; blank lines are not rows. A row that cannot be read is rejected with a reason, never lost. */
export async function* readJsonl(bytes: Bytes, context: RowContext): AsyncGenerator<Collected, void, undefined> {
  const { textField, labelField } = context;
  const name = Buffer.from(textField);
  const labelName = labelField === undefined ? undefined : Buffer.from(labelField);
  let number = 0;
  for await (const block of blocksOfLines(bytes, limits.lineBytes)) {
    if (block.kind === 'too-long') {
      yield collected(++number, tooLong(block.start), context);
      continue;
    }
    const labels = labelName === undefined ? [] : jsonRows(block.bytes, labelName);
    for (const [at, row] of jsonRows(block.bytes, name).entries()) {
      number++;
      const label = labels[at];
      // A label may be a number too.
      if (row instanceof Uint8Array) yield collected(number, parseRow(row, context), context);
      else if (label instanceof Uint8Array) yield collected(number, parseRow(label, context), context);
      else if (row !== null) yield documentOf(number, { kind: 'text', text: row, label: labelOfValue(label) }, context);
    }
  }
}

/** Rows of a JSON file that is an array of objects, or one object. */
export async function* readJson(bytes: Bytes, context: RowContext): AsyncGenerator<Collected, void, undefined> {
  for await (const slice of jsonSlices(bytes)) {
    if (slice.kind === 'row') yield collected(slice.number, parseRow(slice.bytes, context), context);
    else if (slice.kind === 'too-long') yield collected(slice.number, tooLong(slice.start), context);
    else {
      const bad = { kind: 'bad', reason: 'invalid-json', detail: slice.detail, shown: new Uint8Array() } as const;
      yield collected(slice.number, bad, context);
    }
  }
}
