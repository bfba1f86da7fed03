import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { fail, formatBytes } from '../core/index.js';
import { limits } from './limits.js';

export type FieldPath = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** octavo.yaml as a plain value that remembers where each field stands. */
export interface ConfigSource {
  /** The file as the user named it. */
  readonly file: string;
  readonly value: unknown;
  /** Where a field's value stands, or its name with `at: 'name'`; the nearest parent when the field is absent. */
  readonly locate: (path: FieldPath, at?: 'value' | 'name') => Place;
}

const unreadable = (file: string, place: Place | undefined, what: string, remedy: string) =>
  fail('CONFIG_UNREADABLE', {
    what,
    where: place === undefined ? file : `${file}:${place.line}:${place.column}`,
    remedy,
  });

const syntaxErrors: Readonly<Record<string, { readonly what?: string; readonly remedy: string }>> = {
  DUPLICATE_KEY: { what: 'this field stands twice', remedy: 'keep one of the two' },
  TAB_AS_INDENT: { what: 'a tab indents this line', remedy: 'indent with spaces' },
  BAD_INDENT: { remedy: 'indent the fields of a section by the same number of spaces' },
  MULTIPLE_DOCS: { what: 'a second document begins', remedy: 'keep one: remove the line --- and what follows' },
  MISSING_CHAR: { remedy: 'close what was opened: a quote, a bracket or a brace' },
};

const tooDeep = {
  what: `nested deeper than ${limits.configDepth} levels`,
  remedy: 'no field of Octavo lies that deep: check the indentation and the brackets',
};

const syntaxError = ({ code, message }: YAMLError): { readonly what: string; readonly remedy: string } => {
  if (message.startsWith('Maximum call stack')) return tooDeep;
  if (/(end with a|Expected flow .* end) [\]}]/.test(message))
    return { what: 'a [ or { before this is not closed', remedy: 'close it with ] or }' };
  const known = syntaxErrors[code];
  return {
    what: known?.what ?? `not YAML: ${message.replace(/\.?$/, '')}`,
    remedy: known?.remedy ?? 'correct the line; https://yaml.org/spec/1.2.2 has the rules',
  };
};

/** YAML features that a configuration does not need, and that make one hard to read or harmful. */
const refuseTricks = (file: string, document: Document, place: (offset: number) => Place): void => {
  if (document.directives?.yaml.explicit === true)
    throw unreadable(file, { line: 1, column: 1 }, 'a %YAML directive is not allowed', 'remove the line');
  visit(document, (_, node, ancestors) => {
    if (!isNode(node)) return;
    const here = place(node.range?.[0] ?? 0);
    if (isAlias(node)) throw unreadable(file, here, `the alias *${node.source} is not allowed`, 'write the value out');
    if (node.anchor !== undefined && node.anchor !== '')
      throw unreadable(file, here, `the anchor &${node.anchor} is not allowed`, 'remove it');
    if (node.tag !== undefined)
      throw unreadable(
        file,
        here,
        `the tag ${node.tag.replace('tag:yaml.org,2002:', '!!')} is not allowed`,
        'remove it: values are plain text, numbers, true or false',
      );
    if (ancestors.filter((one) => isCollection(one)).length > limits.configDepth)
      throw unreadable(file, here, tooDeep.what, tooDeep.remedy);
    if (!isMap(node)) return;
    for (const pair of node.items) {
      if (!isScalar(pair.key) || typeof pair.key.value !== 'string')
        throw unreadable(file, here, 'the name of a field must be plain text', 'put it in quotes, if it is meant');
      if (pair.key.value === '__proto__') throw unreadable(file, here, '__proto__ is not a field', 'remove it');
    }
  });
};

const rangeOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** Reads YAML 1.2 without tags, aliases or duplicate names. Errors: CONFIG_UNREADABLE with line and column. */
export const parseConfigText = (text: string, file: string): ConfigSource => {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.configBytes)
    throw unreadable(
      file,
      undefined,
      `${formatBytes(bytes)} is more than the ${formatBytes(limits.configBytes)} allowed`,
      'keep data in files of its own and name them under data.sources',
    );
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: Document;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      version: '1.2',
      uniqueKeys: true,
      logLevel: 'error',
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw unreadable(file, undefined, tooDeep.what, tooDeep.remedy);
  }
  const error = document.errors[0];
  if (error !== undefined) {
    const { what, remedy } = syntaxError(error);
    throw unreadable(file, what === tooDeep.what ? undefined : place(error.pos[0]), what, remedy);
  }
  refuseTricks(file, document, place);

  const locate = (path: FieldPath, at: 'value' | 'name' = 'value'): Place => {
    for (let length = path.length; length > 0; length -= 1) {
      const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
      const name = path[length - 1];
      const pair = isMap(parent)
        ? parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === name)
        : undefined;
      const offset = at === 'name' || length < path.length ? rangeOf(pair?.key) : undefined;
      const found = offset ?? rangeOf(document.getIn(path.slice(0, length), true));
      if (found !== undefined) return place(found);
    }
    return { line: 1, column: 1 };
  };
  return { file, value: document.toJS({ maxAliasCount: 0 }) ?? {}, locate };
};

const readBounded = (path: string): Buffer => {
  // Non-blocking, so that a named pipe does not hang the command.
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(handle);
    if (!found.isFile()) throw unreadable(path, undefined, 'not a regular file', 'name a YAML file');
    if (found.size > limits.configBytes)
      throw unreadable(
        path,
        undefined,
        `${formatBytes(found.size)} is more than the ${formatBytes(limits.configBytes)} allowed`,
        'keep data in files of its own and name them under data.sources',
      );
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** Reads a configuration file. Errors: CONFIG_UNREADABLE. */
export const readConfigFile = (path: string, shownAs: string): ConfigSource => {
  let bytes: Buffer;
  try {
    bytes = readBounded(path);
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.name === 'OctavoError') throw cause;
    const absent = cause.code === 'ENOENT';
    throw fail('CONFIG_UNREADABLE', {
      what: absent ? 'there is no such file' : `cannot be read (${String(cause.code)})`,
      where: shownAs,
      remedy: absent
        ? 'make a project with `octavo init my-gpt`, or change to the folder of one'
        : 'check its owner and permissions',
      cause,
    });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fail('CONFIG_UNREADABLE', { what: 'not UTF-8 text', where: shownAs, remedy: 'save it as UTF-8', cause });
  }
  return parseConfigText(text, shownAs);
};
