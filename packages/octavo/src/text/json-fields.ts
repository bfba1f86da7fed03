import { fail, type OctavoError, visibleLine } from '../core/index.js';
import type { StrictJson } from '../formats/index.js';

/** A place in a JSON file, for reading fields with errors that name them. */
export interface Field {
  readonly value: StrictJson | undefined;
  readonly where: string;
}

const shown = (value: StrictJson | undefined): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : visibleLine(String(value), 60);
};

export const invalid = (where: string, what: string): OctavoError =>
  fail('TOKENIZER_INVALID', { what, where, remedy: 'get the tokenizer again from its source' });

export const unsupported = (where: string, what: string): OctavoError =>
  fail('TOKENIZER_UNSUPPORTED', {
    what,
    where,
    remedy: 'use a byte-level BPE tokenizer with the GPT-2, cl100k or o200k pattern',
  });

export const isObject = (value: StrictJson | undefined): value is ReadonlyMap<string, StrictJson> =>
  value instanceof Map;

export const objectOf = ({ value, where }: Field): ReadonlyMap<string, StrictJson> => {
  if (isObject(value)) return value;
  throw invalid(where, `an object is expected, not ${shown(value)}`);
};

export const listOf = ({ value, where }: Field, most: number): readonly StrictJson[] => {
  if (!Array.isArray(value)) throw invalid(where, `a list is expected, not ${shown(value)}`);
  if (value.length > most) throw invalid(where, `${value.length} items are more than the limit of ${most}`);
  return value;
};

export const textOf = ({ value, where }: Field): string => {
  if (typeof value === 'string') return value;
  throw invalid(where, `a text is expected, not ${shown(value)}`);
};

export const notAnId = ({ value, where }: Field, below: number): OctavoError =>
  invalid(where, `an id from 0 to ${below - 1} is expected, not ${shown(value)}`);

export const isId = (value: StrictJson | undefined, below: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < below;

export const idOf = (at: Field, below: number): number => {
  if (isId(at.value, below)) return at.value;
  throw notAnId(at, below);
};

export const field = (parent: Field, name: string): Field => ({
  value: objectOf(parent).get(name),
  where: `${parent.where}: ${name}`,
});

/** Refuses a setting that has another value than those that are read. */
export const only = ({ value, where }: Field, ...allowed: readonly (StrictJson | undefined)[]): void => {
  if (!allowed.includes(value)) throw unsupported(where, `${shown(value)} is not supported here`);
};
