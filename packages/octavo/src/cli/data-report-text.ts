import { formatBytes, formatExact, visibleLine } from '../core/index.js';
import type { DataSummary } from '../data/index.js';
import { table } from './terminal.js';

const totals = ({ documents, bytes }: { readonly documents: number; readonly bytes: number }) => [
  formatExact(documents),
  formatBytes(bytes),
];

const share = (part: number): string => `${(100 * part).toFixed(1)} %`;

const mixLines = ({ mix, order }: DataSummary['split']): readonly string[] => [
  ...(order === undefined ? [] : [`training text is ordered by ${order}`]),
  ...(mix === undefined
    ? []
    : [
        '',
        `mixture by ${mix.by}; ${formatExact(mix.documentsLeftOut)} documents of the training part are left out`,
        table([
          ['  group', 'there', 'asked', 'got', 'epochs', 'bytes'],
          ...mix.groups.map(({ name, bytes, asked, got, epochs, bytesGot }) => [
            `  ${visibleLine(name, 50)}`,
            formatBytes(bytes),
            share(asked),
            share(got),
            epochs.toFixed(2),
            formatBytes(bytesGot),
          ]),
        ]),
      ]),
];

/** What came in, what was left out and why, how the rest was split. */
export const dataReport = ({ collected, cleaned, split, tokens }: DataSummary): string => {
  const sources = collected.sources.map((source) => [
    visibleLine(source.name, 50),
    ...totals(source),
    visibleLine(source.licence, 40),
  ]);
  const reasons = Object.entries(cleaned.droppedByReason).map(([reason, count]) => [`  ${reason}`, formatExact(count)]);
  const changes = Object.entries(cleaned.changes).map(([kind, { places, documents }]) => [
    `  ${visibleLine(kind, 50)}`,
    formatExact(places),
    `in ${formatExact(documents)} documents`,
  ]);
  const parts = (['train', 'validation', 'test'] as const).map((part) => [
    `  ${part}`,
    ...totals(split[part]),
    ...(tokens === undefined ? [] : [`${formatExact(tokens[part].tokens)} tokens`]),
  ]);
  const bytesPerToken =
    tokens === undefined
      ? ''
      : `\n${(tokens.train.bytes / tokens.train.tokens).toFixed(2)} bytes a token, ${formatExact(tokens.vocabularySize)} words in the vocabulary\n`;
  return [
    table([['source', 'documents', 'bytes', 'licence'], ...sources]),
    '',
    `kept ${formatExact(cleaned.kept)} of ${formatExact(cleaned.documentsIn)} documents, ${formatBytes(cleaned.bytesKept)} of ${formatBytes(cleaned.bytesIn)}; dropped`,
    table(reasons.length === 0 ? [['  none']] : reasons),
    ...(changes.length === 0 ? [] : ['', 'changed', table(changes)]),
    ...(cleaned.classifier === undefined
      ? []
      : [
          `classifier of quality: ${(100 * cleaned.classifier.accuracy).toFixed(1)} % right on ${formatExact(cleaned.classifier.heldOut)} held-out examples`,
        ]),
    '',
    'split',
    table(parts),
    ...mixLines(split),
    bytesPerToken,
  ].join('\n');
};
