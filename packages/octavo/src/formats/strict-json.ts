import { fail } from '../core/index.js';

/** JSON as plain data; objects are Maps, so that a key such as `__proto__` is only a key. */
export type StrictJson = null | boolean | number | string | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

export interface StrictJsonOptions {
  /** Names the file in errors. */
  readonly where: string;
  readonly maximumDepth?: number;
}

// The repeats are bounded: a text of millions of digits must not exhaust the matcher.
const numberPattern = /-?(?:0|[1-9][0-9]{0,320})(?:\.[0-9]{1,320})?(?:[eE][+-]?[0-9]{1,8})?/y;
const [quote, backslash, firstPrinting] = [0x22, 0x5c, 0x20];
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/**
 * Reads JSON from outside: refuses what `JSON.parse` lets pass (duplicate keys) or what may exhaust us (deep nesting).
 * Errors: FILE_INVALID.
 */
export function parseStrictJson(text: string, { where, maximumDepth = 64 }: StrictJsonOptions): StrictJson {
  let at = 0;

  const refuse = (what: string) =>
    fail('FILE_INVALID', { what: `${what} at character ${at}`, where, remedy: 'get the file again from its source' });
  const skipSpace = () => {
    while (isSpace(text.charCodeAt(at))) at += 1;
  };
  const take = (character: string): boolean => {
    skipSpace();
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const readString = (): string => {
    skipSpace();
    if (text[at] !== '"') throw refuse('a string is expected');
    let end = at + 1;
    let isPlain = true;
    for (let code = text.charCodeAt(end); code !== quote && end < text.length; code = text.charCodeAt(end)) {
      if (code === backslash || code < firstPrinting) isPlain = false;
      end += code === backslash ? 2 : 1;
    }
    if (isPlain && end < text.length) {
      const value = text.slice(at + 1, end);
      at = end + 1;
      return value;
    }
    try {
      const value: unknown = JSON.parse(text.slice(at, end + 1));
      if (typeof value === 'string') {
        at = end + 1;
        return value;
      }
    } catch {
      // Not a JSON string: said below.
    }
    throw refuse('a string is broken');
  };

  const readNumber = (): number => {
    numberPattern.lastIndex = at;
    const literal = numberPattern.exec(text)?.[0];
    if (literal === undefined) throw refuse('a JSON value is expected');
    at += literal.length;
    const value = Number(literal);
    if (!Number.isFinite(value)) throw refuse(`the number ${literal.slice(0, 40)} is too large`);
    return value;
  };

  const readObject = (depth: number): ReadonlyMap<string, StrictJson> => {
    const entries = new Map<string, StrictJson>();
    if (take('}')) return entries;
    do {
      const key = readString();
      if (entries.has(key)) throw refuse(`the key ${JSON.stringify(key)} comes twice`);
      if (!take(':')) throw refuse('a colon is expected');
      entries.set(key, readValue(depth));
    } while (take(','));
    if (!take('}')) throw refuse('a comma or } is expected');
    return entries;
  };
  const readArray = (depth: number): readonly StrictJson[] => {
    const items: StrictJson[] = [];
    if (take(']')) return items;
    do items.push(readValue(depth));
    while (take(','));
    if (!take(']')) throw refuse('a comma or ] is expected');
    return items;
  };
  const readValue = (depth: number): StrictJson => {
    if (depth > maximumDepth) throw refuse(`values are nested more than ${maximumDepth} deep`);
    if (take('{')) return readObject(depth + 1);
    if (take('[')) return readArray(depth + 1);
    if (text[at] === '"') return readString();
    if (isDigit(text.charCodeAt(at))) return readNumber();
    for (const [word, value] of [
      ['null', null],
      ['true', true],
      ['false', false],
    ] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    return readNumber();
  };

  const value = readValue(0);
  skipSpace();
  if (at !== text.length) throw refuse('text follows the value');
  return value;
}
