import { jsonRows } from '../../text/index.js';
import type { Collected, DropReason } from '../document.js';
import { limits } from '../limits.js';
import type { Bytes } from './decompress.js';
import { jsonSlices } from './read-json.js';
import { type FactFields, type Facts, factFields, facts, factsOf } from './row-facts.js';
import { blocksOfLines } from './text-pieces.js';

type Parsed =
  | { readonly kind: 'text'; readonly text: string; readonly facts: Facts }
  | { readonly kind: 'bad'; readonly reason: DropReason; readonly detail: string; readonly shown: Uint8Array };

export interface RowContext extends FactFields {
  readonly fileId: string;
  readonly source: string;
  readonly textField: string;
  readonly licence: string;
}

const tooLong = (start: Uint8Array): Parsed => ({
  kind: 'bad',
  reason: 'line-too-long',
  detail: `more than ${limits.lineBytes} bytes`,
  shown: start,
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseRow(bytes: Uint8Array, context: RowContext): Parsed {
  const { textField } = context;
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
  const found = factsOf(context, (field) => (Object.hasOwn(row, field) ? Reflect.get(row, field) : undefined));
  return { kind: 'text', text, facts: found };
}

const documentOf = (
  number: number,
  { text, facts: told }: Omit<Extract<Parsed, { kind: 'text' }>, 'kind'>,
  { fileId, source, licence }: RowContext,
): Collected => ({
  kind: 'document',
  document: { id: `${fileId}:${number}`, source, licence, ...told, text },
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
  const names = [...new Set([context.textField, ...facts.flatMap((fact) => context[factFields[fact]] ?? [])])];
  const encoded = names.map((name) => Buffer.from(name));
  let number = 0;
  for await (const block of blocksOfLines(bytes, limits.lineBytes)) {
    if (block.kind === 'too-long') {
      yield collected(++number, tooLong(block.start), context);
      continue;
    }
    const values = jsonRows(block.bytes, encoded);
    for (let at = 0; at < values.length; at += names.length) {
      number++;
      const text = values[at];
      if (typeof text === 'string') {
        const told = names.length === 1 ? {} : factsOf(context, (field) => values[at + names.indexOf(field)]);
        yield documentOf(number, { text, facts: told }, context);
      } else if (text instanceof Uint8Array) yield collected(number, parseRow(text, context), context);
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
