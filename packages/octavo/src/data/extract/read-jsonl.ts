import type { Collected, DropReason } from '../document.js';
import { limits } from '../limits.js';
import type { Bytes } from './decompress.js';
import { byteLines, type Line } from './text-pieces.js';

type Parsed =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bad'; readonly reason: DropReason; readonly detail: string; readonly shown: Uint8Array };

function parseLine(line: Line, textField: string): Parsed {
  if (line.kind === 'too-long') {
    return { kind: 'bad', reason: 'line-too-long', detail: `more than ${limits.lineBytes} bytes`, shown: line.start };
  }
  const bad = (reason: DropReason, detail: string): Parsed => ({
    kind: 'bad',
    reason,
    detail,
    shown: line.bytes.subarray(0, 256),
  });
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(line.bytes);
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
  return { kind: 'text', text };
}

/** Rows of JSON, one a line; blank lines are not rows. A row that cannot be read is rejected with a reason, never lost. */
export async function* readJsonl(
  bytes: Bytes,
  {
    fileId,
    source,
    textField,
    licence,
  }: { readonly fileId: string; readonly source: string; readonly textField: string; readonly licence: string },
): AsyncGenerator<Collected, void, undefined> {
  let number = 0;
  for await (const line of byteLines(bytes, limits.lineBytes)) {
    number++;
    if (line.kind === 'line' && line.bytes.every((byte) => byte === 32 || byte === 13 || byte === 9)) continue;
    const id = `${fileId}:${number}`;
    const parsed = parseLine(line, textField);
    if (parsed.kind === 'text') yield { kind: 'document', document: { id, source, licence, text: parsed.text } };
    else {
      const excerpt = new TextDecoder().decode(parsed.shown).slice(0, limits.excerptCharacters);
      yield { kind: 'rejected', dropped: { id, source, reason: parsed.reason, detail: parsed.detail, excerpt } };
    }
  }
}
