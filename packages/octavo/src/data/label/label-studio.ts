/**
 * Tasks as Label Studio exports and imports them (its "JSON" format): https://labelstud.io/guide/task_format.
 * `choices`, `labels`, `pairwise`, `rating` and `textarea` are our five kinds.
 */
import { readFileSync } from 'node:fs';
import { isRecord, refusePipe, timeOf, wrongFile } from './jsonl.js';
import type { Annotation, LabelledItem, LabelSettings, LabelValue } from './kinds.js';
import type { GivenItem } from './projects.js';

type Result = Readonly<Record<string, unknown>>;

const fields = {
  classification: { from_name: 'label', to_name: 'text' },
  spans: { from_name: 'label', to_name: 'text' },
  pairs: { from_name: 'choice', to_name: 'a,b' },
  rating: { from_name: 'rating', to_name: 'text' },
  text: { from_name: 'answer', to_name: 'text' },
} as const;

const resultOf = (settings: LabelSettings, value: LabelValue, text: string): readonly Result[] => {
  const names = fields[settings.kind];
  if ('labels' in value) return [{ ...names, type: 'choices', value: { choices: value.labels } }];
  if ('spans' in value)
    return value.spans.map(({ start, end, label }, at) => ({
      ...names,
      id: `span-${at + 1}`,
      type: 'labels',
      value: { start, end, text: text.slice(start, end), labels: [label] },
    }));
  if ('choice' in value)
    return value.choice === 'tie'
      ? [{ ...names, type: 'choices', value: { choices: ['tie'] } }]
      : [{ ...names, type: 'pairwise', value: { selected: value.choice === 'a' ? 'left' : 'right' } }];
  if ('rating' in value) return [{ ...names, type: 'rating', value: { rating: value.rating } }];
  return 'text' in value ? [{ ...names, type: 'textarea', value: { text: [value.text] } }] : [];
};

/** A task; `number` is its place in the file, from 1. */
export const labelStudioTask = (
  settings: LabelSettings,
  { content, annotations }: LabelledItem,
  number: number,
): Readonly<Record<string, unknown>> => {
  const { id, meta = {}, ...data } = content;
  return {
    id: number,
    data,
    meta: { ...meta, octavo_id: id },
    annotations: annotations.map(({ annotator, value, timeMs, comment }, at) => ({
      id: number * 1000 + at,
      completed_by: { email: annotator },
      created_at: new Date(timeMs).toISOString(),
      was_cancelled: 'skipped' in value,
      ...(comment === undefined ? {} : { comment }),
      result: resultOf(settings, value, content.text ?? ''),
    })),
  };
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const readResult = (settings: LabelSettings, result: readonly unknown[], where: string): unknown => {
  const parts = result.flatMap((one) => (isRecord(one) && isRecord(one['value']) ? [one['value']] : []));
  switch (settings.kind) {
    case 'classification':
      return { labels: [...new Set(parts.flatMap((part) => list(part['choices'])))] };
    case 'spans':
      return {
        spans: parts.flatMap((part) =>
          list(part['labels']).map((label) => ({ start: part['start'], end: part['end'], label })),
        ),
      };
    case 'pairs': {
      const selected = parts.map((part) => part['selected']).find((side) => side !== undefined);
      return { choice: selected === 'left' ? 'a' : selected === 'right' ? 'b' : 'tie' };
    }
    case 'rating':
      return { rating: parts.map((part) => part['rating']).find((rating) => rating !== undefined) };
    case 'text':
      return {
        text: parts
          .flatMap((part) => (Array.isArray(part['text']) ? part['text'] : [part['text']]))
          .map(String)
          .join('\n'),
      };
    default:
      throw wrongFile('there is no such kind', where, 'export again');
  }
};

const whoOf = (given: unknown): string => {
  if (isRecord(given)) return String(given['email'] ?? given['id'] ?? 'label-studio');
  return given === undefined || given === null ? 'label-studio' : String(given);
};

type GivenAnnotation = GivenItem['annotations'][number];

const annotationOf = (settings: LabelSettings, given: unknown, where: string): readonly GivenAnnotation[] => {
  if (!isRecord(given)) return [];
  const result = list(given['result']);
  const timeMs = timeOf(given['created_at']);
  const skipped: Annotation['value'] = { skipped: true };
  return [
    {
      annotator: whoOf(given['completed_by']),
      value: given['was_cancelled'] === true ? skipped : readResult(settings, result, where),
      ...(timeMs === undefined ? {} : { timeMs }),
      ...(typeof given['comment'] === 'string' ? { comment: given['comment'] } : {}),
    },
  ];
};

/** Items of a file of tasks. Errors: LABEL_FORMAT. */
export function* readLabelStudio(
  path: string,
  {
    name,
    textField,
    settings,
  }: { readonly name: string; readonly textField: string; readonly settings: LabelSettings },
): Generator<GivenItem> {
  refusePipe(path, name);
  let tasks: unknown;
  try {
    tasks = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw wrongFile('this is not JSON', name, 'export the project from Label Studio as JSON');
  }
  if (!Array.isArray(tasks))
    throw wrongFile('this is not a list of tasks', name, 'export the project from Label Studio as JSON');
  for (const [at, task] of tasks.entries()) {
    const where = `${name}: task ${at + 1}`;
    if (!isRecord(task) || !isRecord(task['data']))
      throw wrongFile('a task has no data', where, 'export the project from Label Studio as JSON');
    const { [textField]: text, prompt, a, b, ...rest } = task['data'];
    const { octavo_id, ...meta } = isRecord(task['meta']) ? task['meta'] : {};
    const kept = { ...meta, ...rest };
    const parts = Object.entries({ text, prompt, a, b }).filter(([, part]) => part !== undefined);
    yield {
      where,
      content: {
        id: typeof octavo_id === 'string' ? octavo_id : `${name}:${String(task['id'] ?? at + 1)}`,
        ...Object.fromEntries(parts),
        ...(Object.keys(kept).length === 0 ? {} : { meta: kept }),
      },
      annotations: list(task['annotations']).flatMap((one) => annotationOf(settings, one, where)),
    };
  }
}
