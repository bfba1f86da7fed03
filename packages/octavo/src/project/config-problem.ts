import type { z } from 'zod';
import { fail, type OctavoError, visibleLine } from '../core/index.js';
import { closest } from './closest.js';
import { allowedTexts, expected, fieldsAt, type SchemaNode, schemaAt } from './config-expected.js';
import type { OverriddenConfig } from './config-override.js';
import type { FieldPath } from './config-source.js';

/** One wrong field of a configuration, as data. */
export interface ConfigProblem {
  /** `octavo.yaml:3:10`, or `--set model.depth`. */
  readonly where: string;
  readonly line?: number;
  readonly column?: number;
  readonly field: string;
  readonly what: string;
  readonly remedy: string;
  /** The values that the field may have, when they can be listed. */
  readonly allowed: readonly string[];
  readonly didYouMean?: string;
}

const nameOf = (path: FieldPath): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (typeof value === 'string') return `"${visibleLine(value, 60)}"`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a section';
  return String(value);
};

const valueAt = (value: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>(
    (parent, name) => (typeof parent === 'object' && parent !== null ? Reflect.get(parent, name) : undefined),
    value,
  );

/** What to do about a wrong value: the likeliest slip first, then what the field is for and what it is if left out. */
const remedyOf = (
  root: SchemaNode,
  node: SchemaNode | undefined,
  value: unknown,
): { readonly remedy: string; readonly didYouMean?: string } => {
  if (node === undefined) return { remedy: 'correct the value' };
  const near = typeof value === 'string' ? closest(value, allowedTexts(root, node)) : undefined;
  if (near !== undefined) return { remedy: `did you mean ${near}?`, didYouMean: near };
  const types = expected(root, node);
  const hint =
    typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) && /number/.test(types)
      ? `write ${Number(value)} without quotes`
      : typeof value === 'string' && /^(yes|no|on|off)$/i.test(value) && /true or false/.test(types)
        ? `write ${/^(yes|on)$/i.test(value)}`
        : undefined;
  const says = typeof node['description'] === 'string' ? node['description'].replace(/([^.!?])$/, '$1.') : undefined;
  const absent =
    node['default'] !== undefined && typeof node['default'] !== 'object'
      ? `Left out, it is ${JSON.stringify(node['default'])}.`
      : undefined;
  const parts = [
    hint === undefined ? undefined : `${hint}.`,
    [says, absent].filter((part) => part !== undefined).join(' '),
  ].filter((part) => part !== undefined && part !== '');
  return {
    remedy:
      parts.length === 0
        ? value === undefined
          ? 'add it'
          : 'correct the value, or leave the field out'
        : parts.join(' '),
  };
};

type Issue = z.core.$ZodIssue;

/** Of a union's alternatives, the issues of the one that came closest; undefined if none took the kind of value given. */
const nearestBranch = (issue: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] | undefined => {
  const entered = issue.errors.filter(
    (branch) =>
      branch.length > 0 &&
      branch.every(
        (one) =>
          one.path.length > 0 ||
          one.code === 'unrecognized_keys' ||
          one.code === 'custom' ||
          one.code.startsWith('too_'),
      ),
  );
  return entered.toSorted((a, b) => a.length - b.length)[0];
};

const fieldPath = (path: readonly PropertyKey[]): FieldPath =>
  path.map((part) => (typeof part === 'symbol' ? String(part) : part));

const problemsOf = (
  root: SchemaNode,
  config: OverriddenConfig,
  issue: Issue,
  parent: FieldPath,
): readonly ConfigProblem[] => {
  const path = [...parent, ...fieldPath(issue.path)];
  if (issue.code === 'unrecognized_keys') {
    const fields = fieldsAt(root, path);
    return issue.keys.map((key) => {
      const near = closest(key, fields);
      const place = path.length === 0 ? 'octavo.yaml' : nameOf(path);
      const list = fields.length === 0 ? '' : `${place} has ${fields.join(', ')}`;
      return {
        ...config.whereIs([...path, key], 'name'),
        field: nameOf([...path, visibleLine(key, 60)]),
        what: `there is no field ${nameOf([...path, visibleLine(key, 60)])}`,
        remedy: near === undefined ? list || 'leave it out' : `did you mean ${near}?${list === '' ? '' : ` (${list})`}`,
        allowed: fields,
        ...(near === undefined ? {} : { didYouMean: near }),
      };
    });
  }
  if (issue.code === 'invalid_union') {
    const branch = nearestBranch(issue);
    if (branch !== undefined) return branch.flatMap((one) => problemsOf(root, config, one, path));
  }
  const node = schemaAt(root, path);
  const value = valueAt(config.value, path);
  const field = nameOf(path) || 'the file';
  const own = issue.code === 'custom' || (issue.code === 'invalid_format' && !issue.message.startsWith('Invalid'));
  const what =
    own || node === undefined
      ? `${field}: ${issue.message.replace(/^./, (letter) => letter.toLowerCase())}, got ${shown(value)}`
      : `${field} must be ${expected(root, node)}; got ${shown(value)}`;
  return [
    {
      ...config.whereIs(path),
      field,
      what,
      allowed: node === undefined ? [] : allowedTexts(root, node),
      ...remedyOf(root, node, value),
    },
  ];
};

/** Every wrong field of a configuration, in the order of the file. */
export const describeIssues = (
  root: SchemaNode,
  config: OverriddenConfig,
  issues: readonly Issue[],
): readonly ConfigProblem[] =>
  issues
    .flatMap((issue) => problemsOf(root, config, issue, []))
    .toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? Infinity) - (b.column ?? Infinity));

/** One error for all wrong fields; `cause` holds them as data. */
export const configInvalid = (problems: readonly ConfigProblem[]): OctavoError => {
  const [first] = problems;
  if (problems.length === 1 && first !== undefined)
    return fail('CONFIG_INVALID', { what: first.what, where: first.where, remedy: first.remedy, cause: { problems } });
  const lines = problems.map((problem) => `\n  ${problem.where}: ${problem.what}\n    → ${problem.remedy}`);
  return fail('CONFIG_INVALID', { what: `${problems.length} fields are wrong${lines.join('')}`, cause: { problems } });
};
