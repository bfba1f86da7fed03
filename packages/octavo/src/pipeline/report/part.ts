import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { OctavoError, visibleLine } from '../../core/index.js';

/** What a run may have left: a report is written of half a run too, and of one with a damaged file. */
export type Part<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

export const readValue = <Value>(part: Part<Value>): Value | undefined =>
  part.kind === 'read' ? part.value : undefined;

const absentCodes: readonly string[] = ['RUN_ABSENT', 'FILE_UNREADABLE'];

/** A part from a reader of its room; what it says it cannot read becomes a part, a mistake of ours does not. */
export const partFrom = async <Value>(read: () => Promise<Value>): Promise<Part<Value>> => {
  try {
    return { kind: 'read', value: await read() };
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error;
    if (absentCodes.includes(error.code)) return { kind: 'absent' };
    return { kind: 'unreadable', why: `${error.what} (${error.where ?? 'unknown place'})` };
  }
};

/** A part from a JSON file of known form. */
export const partFromJson = async <Value>(path: string, schema: z.ZodType<Value>): Promise<Part<Value>> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', why: `${path} is not JSON` };
  }
  const read = schema.safeParse(value);
  if (read.success) return { kind: 'read', value: read.data };
  return { kind: 'unreadable', why: visibleLine(`${path}: ${z.prettifyError(read.error)}`, 300) };
};
