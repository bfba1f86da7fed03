import { csvLine } from '../../core/index.js';
import type { LabelledItem, LabelValue } from './kinds.js';

/** Columns of the table that people open in a spreadsheet: a row a label, and one for an item without labels. */
export const csvHead = csvLine(['id', 'text', 'prompt', 'a', 'b', 'annotator', 'label', 'comment', 'time']);

const shown = (value: LabelValue, text: string): string | number => {
  if ('labels' in value) return value.labels.join('; ');
  if ('spans' in value)
    return value.spans.map(({ start, end, label }) => `${label}: ${text.slice(start, end)}`).join('; ');
  if ('choice' in value) return value.choice;
  if ('rating' in value) return value.rating;
  return 'text' in value ? value.text : 'skipped';
};

export const csvRows = ({ content: { id, text, prompt, a, b }, annotations }: LabelledItem): string =>
  annotations.length === 0
    ? csvLine([id, text, prompt, a, b, '', '', '', ''])
    : annotations
        .map(({ annotator, value, comment, timeMs }) =>
          csvLine([
            id,
            text,
            prompt,
            a,
            b,
            annotator,
            shown(value, text ?? ''),
            comment,
            new Date(timeMs).toISOString(),
          ]),
        )
        .join('');
