/** Fields of a document that its source does not tell: left empty, dropped for it, filled with a default, or inferred. */
import { z } from 'zod';
import type { SourceDocument } from '../document.js';
import type { Dropped } from './verdict.js';

export const missingNames = ['title', 'time', 'url', 'licence', 'label'] as const;
type Field = (typeof missingNames)[number];
type Facts = Pick<SourceDocument, 'id' | Field>;

const given = z.strictObject({ default: z.string().min(1).max(300) });
const fixed = z.union([z.enum(['keep', 'drop']), given]).default('keep');
const inferable = z.union([z.enum(['keep', 'drop', 'infer']), given]).default('keep');

/** Fields of `data.clean.missing`. */
export const missingFields = {
  title: inferable.describe('infer: the first heading, or the first line where it is short.'),
  time: inferable.describe('infer: a date in the address, the id or the first lines.'),
  url: fixed.describe('Where the text came from.'),
  licence: inferable.describe(
    'infer: a Creative Commons address or an SPDX line in the text. "unknown" counts as missing.',
  ),
  label: fixed.describe('What its source calls it.'),
} as const;

export const missingReasons = missingNames.map((field) => `missing.${field}` as const);

export type MissingRules = z.infer<z.ZodObject<typeof missingFields>>;

const longestTitle = 120;

/** Of a text that is cut into windows only the first begins with its title. */
function titleOf({ id }: Facts, text: string): string | undefined {
  const window = /#(\d+)$/.exec(id)?.[1];
  if (window !== undefined && Number(window) > 1) return undefined;
  const [first = ''] = text.trimStart().split('\n', 1);
  const line = first.replace(/^#{1,6}\s+/, '').trim();
  return line === '' || line.length > longestTitle ? undefined : line;
}

const firstCharacters = 500;
const inPath = /(?<!\d)((?:19|20)\d\d)[/_-](0[1-9]|1[0-2])(?:[/_-](0[1-9]|[12]\d|3[01]))?(?!\d)/;
const inText = /(?<!\d)((?:19|20)\d\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)/;

function timeOf({ id, url }: Facts, text: string): string | undefined {
  for (const found of [inPath.exec(url ?? ''), inPath.exec(id), inText.exec(text.slice(0, firstCharacters))]) {
    if (found === null) continue;
    const [, year, month, day] = found;
    const date = [year, month, ...(day === undefined ? [] : [day])].join('-');
    // 31 February is no date.
    if (day === undefined || new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)) return date;
  }
  return undefined;
}

const creativeCommons = /\bcreativecommons\.org\/(licenses|publicdomain)\/([a-z-]+)\/(\d\.\d)/i;
const spdx = /\bSPDX-License-Identifier:\s*([\w.+-]{2,60})/;

/** As SPDX names it. */
function licenceOf(_: Facts, text: string): string | undefined {
  const [, kind, terms = '', version] = creativeCommons.exec(text) ?? [];
  if (kind === undefined) return spdx.exec(text)?.[1];
  if (kind.toLowerCase() === 'licenses') return `CC-${terms.toUpperCase()}-${version}`;
  const name = { zero: 'CC0', mark: 'CC-PDM' }[terms.toLowerCase()];
  return name === undefined ? undefined : `${name}-${version}`;
}

const inferred: Readonly<Partial<Record<Field, (facts: Facts, text: string) => string | undefined>>> = {
  title: titleOf,
  time: timeOf,
  licence: licenceOf,
};

export interface Filled {
  /** What was missing and is known now. */
  readonly facts: Partial<Record<Field, string>>;
  readonly dropped?: Dropped<(typeof missingReasons)[number]>;
  /** `missing.<field>.default` or `missing.<field>.inferred`: 1. */
  readonly changes: Readonly<Record<string, number>>;
}

/** What becomes of the missing fields of a document whose text is `text`, pure. What cannot be inferred stays missing. */
export function fillMissing(document: Facts, text: string, rules: MissingRules): Filled {
  const facts: Partial<Record<Field, string>> = {};
  const changes: Record<string, number> = {};
  for (const field of missingNames) {
    const known = document[field];
    if (known !== undefined && known !== '' && !(field === 'licence' && known === 'unknown')) continue;
    const rule = rules[field];
    if (rule === 'keep') continue;
    if (rule === 'drop')
      return { facts, changes, dropped: { reason: `missing.${field}`, detail: `the source tells no ${field}` } };
    const value = rule === 'infer' ? inferred[field]?.(document, text) : rule.default;
    if (value === undefined) continue;
    facts[field] = value;
    changes[`missing.${field}.${rule === 'infer' ? 'inferred' : 'default'}`] = 1;
  }
  return { facts, changes };
}
