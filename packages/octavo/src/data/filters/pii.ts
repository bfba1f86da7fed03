/**
 * Personal data and secrets, found and replaced by neutral tokens. Every pattern is bounded in length and begins at a
 * character that few places have, so time is linear in the text whatever it holds.
 */
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { ibanLength, ibanRemainder, isPublicIpv4, isPublicIpv6, isResidentId, passesLuhn } from './pii-numbers.js';
import { findSecrets } from './pii-secrets.js';

/** In the order of precedence where two overlap. */
const kinds = ['secret', 'email', 'iban', 'resident_id', 'card', 'ssn', 'ip', 'phone'] as const;
type Kind = (typeof kinds)[number];

export const piiFields = {
  kinds: z
    .array(z.enum(kinds))
    .default([...kinds])
    .describe(
      'What is looked for; resident_id is the Chinese one, ssn the American one, secret an API or private key.',
    ),
  token: z.string().min(1).default('[{kind}]').describe('What stands instead; {kind} is the kind.'),
} as const;
export type PiiRules = z.infer<z.ZodObject<typeof piiFields>>;

export interface Found {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
}

const local = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]/;
const domain = /(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])/y;

/** From each @ to the left and to the right. `git@host` and the like name a protocol, not a person. */
function findEmails(text: string): readonly Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let from = at;
    while (from > 0 && at - from < 64 && local.test(text[from - 1] ?? '')) from--;
    while (from < at && /[.'`/=?*#&{|}]/.test(text[from] ?? '')) from++;
    const name = text.slice(from, at);
    if (name === '' || name.endsWith('.') || name.includes('..') || name === 'git' || name.includes('/')) continue;
    domain.lastIndex = at + 1;
    const host = domain.exec(text)?.[0];
    if (host !== undefined) found.push({ kind: 'email', from, to: at + 1 + host.length });
  }
  return found;
}

const ipv6 = /(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4})?(?![\w:])/g;

function findIpv6(text: string): readonly Found[] {
  if (!text.includes('::') && !/[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:/.test(text)) return [];
  return [...text.matchAll(ipv6)]
    .filter(([address]) => isIPv6(address) && isPublicIpv6(address))
    .map(({ 0: address, index }) => ({ kind: 'ip', from: index, to: index + address.length }));
}

/** Patterns tried where a number may begin, in order; `is` has the last word on what matched. */
interface Pattern {
  readonly kind: Kind;
  readonly regex: RegExp;
  readonly is?: (found: string, before: string) => boolean;
}

const bare = (found: string): string => found.replaceAll(/[^0-9A-Za-z]/g, '');
/** Payment networks: Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro, Mir. */
const issuer = /^(?:4|5[0-8]|2[2-7]|3[0-9]|6)/;
const isVersion = /(?:version|ver|release|\bv)\W{0,3}$/i;
const speaksOfHosts = /(?:\bip|address|host|server|dns|from|peer|client)\W{0,12}$/i;
/** Four small numbers are a version or a section far more often than a host. */
const looksLikeVersion = (found: string): boolean => found.split('.').every((part) => Number(part) < 32);
const isSocial = /(?:ssn|social security)[^0-9]{0,24}$/i;

const patterns: readonly Pattern[] = [
  // Before cards: one in ten of these numbers passes Luhn too.
  { kind: 'resident_id', regex: /[1-9]\d{16}[\dXx](?![\dA-Za-z])/y, is: isResidentId },
  {
    kind: 'card',
    regex: /\d(?:[ -]?\d){12,18}(?![\dA-Za-z])(?![.,-]\d)/y,
    is: (found) => {
      const digits = bare(found);
      const groups = found.split(/[ -]/);
      const isGrouped = groups.length === 1 || groups.every(({ length }) => length >= 3 && length <= 7);
      return isGrouped && issuer.test(digits) && passesLuhn(digits) && new Set(digits).size > 1;
    },
  },
  { kind: 'ssn', regex: /(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\dA-Za-z-])/y },
  {
    kind: 'ssn',
    regex: /(?!000|666|9)\d{3} ?(?!00)\d{2} ?(?!0000)\d{4}(?![\dA-Za-z-])/y,
    is: (_, before) => isSocial.test(before),
  },
  {
    kind: 'ip',
    regex: /(?:\d{1,3}\.){3}\d{1,3}(?![\dA-Za-z])(?!\.\d)/y,
    is: (found, before) =>
      isPublicIpv4(found) && !isVersion.test(before) && (!looksLikeVersion(found) || speaksOfHosts.test(before)),
  },
  // International: + country code, 8 to 15 digits.
  {
    kind: 'phone',
    regex: /\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){5,12}(?![\dA-Za-z])/y,
    is: (found) => {
      const { length } = bare(found);
      return length >= 8 && length <= 15 && (/[ .()-]/.test(found) || length >= 10);
    },
  },
  // North America: area and exchange begin with 2 to 9.
  { kind: 'phone', regex: /(?:1[ .-]?)?\([2-9]\d\d\) ?[2-9]\d\d[ .-]\d{4}(?![\dA-Za-z])/y },
  { kind: 'phone', regex: /(?:1[ .-])?[2-9]\d\d([ .-])[2-9]\d\d\1\d{4}(?![\dA-Za-z])(?![.,-]\d)/y },
  // China: mobile numbers, area codes with 0, service numbers with 400 and 800.
  { kind: 'phone', regex: /(?:86[ -]?)?1[3-9]\d(?:\d{8}|([ -])\d{4}\1\d{4})(?![\dA-Za-z])(?![.,]\d)/y },
  { kind: 'phone', regex: /(?:\(0\d{2,3}\) ?|0\d{2,3}-)[2-9]\d{6,7}(?![\dA-Za-z-])/y },
  { kind: 'phone', regex: /[48]00-\d{3}-\d{4}(?![\dA-Za-z-])/y },
];

const iban = /[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/y;

function ibanAt(text: string, from: number): number {
  iban.lastIndex = from;
  const found = iban.exec(text)?.[0];
  if (found === undefined) return 0;
  const wanted = ibanLength(found.slice(0, 2));
  // A word may follow in capitals: only as many characters as the country has are looked at.
  let end = 0;
  let count = 0;
  while (end < found.length && count < (wanted ?? 0)) if (found[end++] !== ' ') count++;
  const code = bare(found.slice(0, end));
  const next = text[from + end] ?? '';
  return code.length === wanted && !/[A-Za-z0-9]/.test(next) && ibanRemainder(code) === 1 ? end : 0;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isCapital = (code: number): boolean => code >= 65 && code <= 90;
const isWord = (code: number): boolean =>
  isDigit(code) || isCapital(code) || (code >= 97 && code <= 122) || code === 95;

function numberAt(text: string, from: number, before: number): Found | undefined {
  // Figures of a decimal, a path or an identifier with hyphens are part of it.
  if ((before === 46 || before === 44) && isDigit(text.charCodeAt(from - 2))) return undefined;
  for (const { kind, regex, is } of patterns) {
    regex.lastIndex = from;
    const found = regex.exec(text)?.[0];
    if (found === undefined) continue;
    if (is === undefined || is(found, text.slice(Math.max(0, from - 40), from)))
      return { kind, from, to: from + found.length };
  }
  return undefined;
}

/** Numbers begin at a digit, a + or a bracket after something that is no part of a word. */
function findNumbers(text: string): readonly Found[] {
  const found: Found[] = [];
  let before = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isWord(before) && (isDigit(code) || code === 43 || code === 40)) {
      const one = before === 43 || before === 40 ? undefined : numberAt(text, at, before);
      if (one !== undefined) {
        found.push(one);
        at = one.to - 1;
        before = text.charCodeAt(at);
        continue;
      }
    } else if (isCapital(code) && !isWord(before) && isDigit(text.charCodeAt(at + 2))) {
      const length = ibanAt(text, at);
      if (length > 0) {
        found.push({ kind: 'iban', from: at, to: at + length });
        at += length - 1;
        before = 65;
        continue;
      }
    }
    before = code;
  }
  return found;
}

/** All that is found, in order and without overlaps. */
export function findPii(text: string, wanted: readonly Kind[] = kinds): readonly Found[] {
  const all = [...findSecrets(text), ...findEmails(text), ...findIpv6(text), ...findNumbers(text)].filter(({ kind }) =>
    wanted.includes(kind),
  );
  all.sort((a, b) => a.from - b.from || kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  const taken: Found[] = [];
  for (const one of all) {
    const last = taken.at(-1);
    if (last === undefined || one.from >= last.to) taken.push(one);
    else if (kinds.indexOf(one.kind) < kinds.indexOf(last.kind)) taken[taken.length - 1] = one;
  }
  return taken;
}

/** The text with tokens instead, and how many of each kind. */
export function replacePii(text: string, { kinds: wanted, token }: PiiRules) {
  const found = findPii(text, wanted);
  if (found.length === 0) return { text, counts: {} };
  const counts: Record<string, number> = {};
  let replaced = '';
  let end = 0;
  for (const { kind, from, to } of found) {
    counts[kind] = (counts[kind] ?? 0) + 1;
    replaced += text.slice(end, from) + token.replaceAll('{kind}', kind);
    end = to;
  }
  return { text: replaced + text.slice(end), counts };
}
