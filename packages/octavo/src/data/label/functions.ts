import { z } from 'zod';
import { fail, visibleLine } from '../../core/index.js';
import type { LabelContent } from './kinds.js';
import type { Vote } from './vote.js';

const common = { name: z.string().min(1).max(100) };
const labelled = { ...common, label: z.string().min(1).max(200) };

const labelFunction = z.union([
  /** Votes where one of the regular expressions is found; small and capital letters are alike unless `flags` says otherwise. */
  z.strictObject({
    ...labelled,
    patterns: z.array(z.string().min(1).max(1000)).min(1).max(1000),
    flags: z
      .string()
      .regex(/^[imsu]*$/)
      .default('iu'),
  }),
  /** Votes where one of the words stands, not within another word. */
  z.strictObject({ ...labelled, keywords: z.array(z.string().min(1).max(200)).min(1).max(100_000) }),
  /** Votes by a field that came with the item, such as the section of a newspaper. */
  z.strictObject({ ...common, field: z.string().min(1), labels: z.record(z.string(), z.string()) }),
]);

const file = z.strictObject({ functions: z.array(labelFunction).min(1).max(1000) });
type LabelFunction = z.infer<typeof labelFunction>;

/** A named rule: the label that it votes for, undefined where it abstains. */
export interface LabellingFunction {
  readonly name: string;
  readonly vote: (content: LabelContent) => string | undefined;
}

const textOf = ({ text, prompt, a, b }: LabelContent): string =>
  [prompt, text, a, b].filter((part) => part !== undefined).join('\n');

const wrong = (what: string, where: string) =>
  fail('LABEL_FORMAT', {
    what,
    where,
    remedy:
      'a function is { name, label, patterns: […] }, { name, label, keywords: […] } or { name, field, labels: { value: label } }',
  });

/** Letters that continue a word, so that "art" is not found in "part"; Chinese has no such limits. */
const edges = ['(?<![\\p{L}\\p{N}_])', '(?![\\p{L}\\p{N}_])'] as const;
const spaceless = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]/u;

const keywordPattern = (word: string): string => {
  const literal = word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+');
  return spaceless.test(word) ? literal : `${edges[0]}${literal}${edges[1]}`;
};

const voteOf = (given: LabelFunction, where: string): LabellingFunction['vote'] => {
  if ('field' in given)
    return ({ meta = {} }) => {
      const value = meta[given.field];
      return typeof value === 'object' || value === undefined || !Object.hasOwn(given.labels, String(value))
        ? undefined
        : given.labels[String(value)];
    };
  const sources = 'patterns' in given ? given.patterns : [given.keywords.map(keywordPattern).join('|')];
  const patterns = sources.map((source) => {
    try {
      return new RegExp(source, 'patterns' in given ? given.flags : 'iu');
    } catch (cause) {
      throw wrong(
        `${visibleLine(source, 100)} is not a regular expression (${cause instanceof Error ? cause.message : ''})`,
        `${where}: ${given.name}`,
      );
    }
  });
  return (content) => (patterns.some((pattern) => pattern.test(textOf(content))) ? given.label : undefined);
};

/** Reads labelling functions from a parsed YAML or JSON file; they hold patterns and words, never code. Errors: LABEL_FORMAT. */
export function readFunctions(
  given: unknown,
  { labels, where }: { readonly labels: readonly string[]; readonly where: string },
): readonly LabellingFunction[] {
  const parsed = file.safeParse(given);
  if (!parsed.success)
    throw wrong(`it is not a list of labelling functions (${parsed.error.issues[0]?.path.join('.') ?? ''})`, where);
  const names = new Set<string>();
  return parsed.data.functions.map((one) => {
    const strange = ('label' in one ? [one.label] : Object.values(one.labels)).find((label) => !labels.includes(label));
    if (strange !== undefined)
      throw wrong(`${one.name} votes for "${visibleLine(strange, 60)}", which is no label of the project`, where);
    if (names.has(one.name)) throw wrong(`two functions are called ${one.name}`, where);
    names.add(one.name);
    return { name: one.name, vote: voteOf(one, where) };
  });
}

/** Every function's vote on an item. */
export const votesOn = (functions: readonly LabellingFunction[], content: LabelContent): readonly Vote[] =>
  functions.flatMap(({ name, vote }) => {
    const label = vote(content);
    return label === undefined ? [] : [{ item: content.id, voter: name, label }];
  });
