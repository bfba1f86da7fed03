import { z } from 'zod';
import { fail, visibleLine } from '../../core/index.js';

/** What people are asked for. */
export const labelKinds = ['classification', 'spans', 'pairs', 'rating', 'text'] as const;

const most = { labels: 200, textCharacters: 1_000_000, answerCharacters: 100_000, spans: 10_000 } as const;

const labelName = z.string().min(1).max(200);
const labels = z
  .array(labelName)
  .min(1)
  .max(most.labels)
  .refine((names) => new Set(names).size === names.length, 'each label once');

const common = {
  /** What stands above every item. */
  question: z.string().max(2000).default(''),
  /** How many people label an item. */
  overlap: z.number().int().min(1).max(50).default(1),
  /** How long an item that somebody has open is kept for them. */
  claimMinutes: z.number().int().min(1).max(10_080).default(30),
};

export const labelSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('classification'), labels, multiple: z.boolean().default(false), ...common }),
  z.strictObject({ kind: z.literal('spans'), labels, ...common }),
  z.strictObject({ kind: z.literal('pairs'), ties: z.boolean().default(true), ...common }),
  z
    .strictObject({
      kind: z.literal('rating'),
      from: z.number().int().min(0).max(10).default(1),
      to: z.number().int().min(1).max(20).default(5),
      ...common,
    })
    .refine(({ from, to }) => from < to, { message: 'from is below to', path: ['to'] }),
  z.strictObject({ kind: z.literal('text'), ...common }),
]);
export type LabelSettings = z.infer<typeof labelSettings>;

const longText = z.string().max(most.textCharacters);
/** One thing to label: a text, or for pairs two answers to a prompt. */
export const labelContent = z.strictObject({
  id: z.string().min(1).max(2000),
  text: longText.optional(),
  prompt: longText.optional(),
  a: longText.optional(),
  b: longText.optional(),
  /** Whatever came with it; kept and exported. */
  meta: z.record(z.string(), z.unknown()).optional(),
});
export type LabelContent = z.infer<typeof labelContent>;

/** Places are UTF-16 units, as JavaScript and Label Studio count; `end` is the first after. */
const span = z.strictObject({ start: z.number().int().min(0), end: z.number().int().min(1), label: labelName });
export type Span = z.infer<typeof span>;

/** What somebody said of an item. */
export const labelValue = z.union([
  z.strictObject({ labels: z.array(labelName).max(most.labels) }),
  z.strictObject({ spans: z.array(span).max(most.spans) }),
  z.strictObject({ choice: z.enum(['a', 'b', 'tie']) }),
  z.strictObject({ rating: z.number().int() }),
  z.strictObject({ text: z.string().max(most.answerCharacters) }),
  z.strictObject({ skipped: z.literal(true) }),
]);
export type LabelValue = z.infer<typeof labelValue>;

export interface Annotation {
  readonly annotator: string;
  readonly value: LabelValue;
  readonly timeMs: number;
  readonly comment?: string;
}

/** An item with all that people said of it. */
export interface LabelledItem {
  readonly content: LabelContent;
  readonly annotations: readonly Annotation[];
}

const invalid = (what: string, where: string, remedy = 'see docs/labelling.md for what each kind of project takes') =>
  fail('LABEL_INVALID', { what, where, remedy });

const first = (error: z.ZodError): string => {
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`.replace(/^: /, '');
};

/** The settings of a project, defaults filled in. Errors: LABEL_INVALID. */
export const readSettings = (given: unknown, where: string): LabelSettings => {
  const parsed = labelSettings.safeParse(given);
  if (!parsed.success) throw invalid(first(parsed.error), where);
  return parsed.data;
};

/** An item that fits the kind of project. Errors: LABEL_INVALID. */
export const readContent = (settings: LabelSettings, given: unknown, where: string): LabelContent => {
  const parsed = labelContent.safeParse(given);
  if (!parsed.success) throw invalid(first(parsed.error), where);
  const needed = settings.kind === 'pairs' ? (['a', 'b'] as const) : (['text'] as const);
  for (const field of needed)
    if (parsed.data[field] === undefined)
      throw invalid(`a project of kind ${settings.kind} needs the field ${field}`, where);
  return parsed.data;
};

const problemOf = (settings: LabelSettings, { text = '' }: LabelContent, value: LabelValue): string | undefined => {
  if ('skipped' in value) return undefined;
  switch (settings.kind) {
    case 'classification': {
      if (!('labels' in value)) return 'it has no labels';
      if (new Set(value.labels).size < value.labels.length) return 'a label is there twice';
      if (!settings.multiple && value.labels.length !== 1) return 'it has not exactly one label';
      const strange = value.labels.find((label) => !settings.labels.includes(label));
      return strange === undefined
        ? undefined
        : `the project has no label "${visibleLine(strange, 60)}", but ${visibleLine(settings.labels.join(', '), 200)}`;
    }
    case 'spans': {
      if (!('spans' in value)) return 'it has no spans';
      for (const { start, end, label } of value.spans) {
        if (start >= end || end > text.length) return `a span from ${start} to ${end} is not within the text`;
        if (!settings.labels.includes(label)) return `the project has no label "${visibleLine(label, 60)}"`;
      }
      return undefined;
    }
    case 'pairs':
      if (!('choice' in value)) return 'it has no choice';
      return value.choice === 'tie' && !settings.ties ? 'this project has no ties' : undefined;
    case 'rating':
      if (!('rating' in value)) return 'it has no rating';
      return value.rating < settings.from || value.rating > settings.to
        ? `the rating is not from ${settings.from} to ${settings.to}`
        : undefined;
    case 'text':
      return 'text' in value ? undefined : 'it has no text';
  }
};

/** A value that fits the project and the item; spans in the order of the text. Errors: LABEL_INVALID. */
export const readValue = (settings: LabelSettings, content: LabelContent, given: unknown): LabelValue => {
  const where = `the label of ${visibleLine(content.id, 100)}`;
  const parsed = labelValue.safeParse(given);
  if (!parsed.success) throw invalid('it is not the label of any kind', where);
  const problem = problemOf(settings, content, parsed.data);
  if (problem !== undefined) throw invalid(problem, where);
  if (!('spans' in parsed.data)) return parsed.data;
  return {
    spans: parsed.data.spans.toSorted(
      (one, other) => one.start - other.start || one.end - other.end || (one.label < other.label ? -1 : 1),
    ),
  };
};
