/**
 * The card of a data set: what the run knows of it, and what octavo.yaml says, word for word. Its header is that of
 * Hugging Face's dataset cards, its questions are those of Datasheets for Datasets (Gebru et al., arXiv 1803.09010).
 */
import { stringify } from 'yaml';
import { formatBytes, visibleLine, visibleText } from '../../core/index.js';
import type { DataSummary } from '../inspect/data-summary.js';
import type { DataSection } from '../section.js';

const count = (number: number): string => number.toLocaleString('en-US');

/** Text from outside as Markdown that stays text: no tags, links or table cells of its own. */
const plain = (text: string): string => visibleLine(text, 300).replaceAll(/[\\`*_[\]<>|#&]/g, String.raw`\$&`);

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const sectionOf = (title: string, body: string): readonly string[] =>
  body === '' ? [] : [`## ${title}`, '', body, ''];

/** Markdown; `clean` is what the run was made with. */
export function dataCard(
  { collected, cleaned, split, tokens }: DataSummary,
  { card, clean }: Pick<DataSection, 'card' | 'clean'>,
): string {
  const licences = [...new Set(collected.sources.map(({ licence }) => licence))];
  const header = {
    ...(card.title === '' ? {} : { pretty_name: card.title }),
    license: 'other',
    license_name: card.licence === '' ? licences.join('; ') : card.licence,
  };
  const parts = (['train', 'validation', 'test'] as const).map((part) => [
    part,
    count(split[part].documents),
    formatBytes(split[part].bytes),
    tokens === undefined ? '' : count(tokens[part].tokens),
  ]);
  return `---\n${stringify(header)}---\n\n${[
    ...(card.title === '' ? [] : [`# ${plain(card.title)}`, '']),
    ...sectionOf('Description', visibleText(card.description)),
    ...sectionOf('Motivation', visibleText(card.motivation)),
    ...sectionOf(
      'Composition and collection',
      tableOf(
        ['source', 'from', 'licence', 'documents', 'bytes', 'unreadable'],
        collected.sources.map(({ name, from, licence, documents, bytes, rejected }) => [
          plain(name),
          plain(from),
          plain(licence),
          count(documents),
          formatBytes(bytes),
          count(rejected),
        ]),
      ),
    ),
    ...sectionOf(
      'Cleaning',
      [
        `${count(cleaned.kept)} of ${count(cleaned.documentsIn)} documents stay.`,
        '',
        tableOf(
          ['dropped for', 'documents'],
          Object.entries(cleaned.droppedByReason).map(([reason, number]) => [plain(reason), count(number)]),
        ),
        '',
        tableOf(
          ['changed', 'places', 'documents'],
          Object.entries(cleaned.changes).map(([kind, { places, documents }]) => [
            plain(kind),
            count(places),
            count(documents),
          ]),
        ),
        '',
        'Settings:',
        '',
        '```json',
        visibleText(JSON.stringify(clean, undefined, 2)).replaceAll('```', "'''"),
        '```',
      ].join('\n'),
    ),
    ...sectionOf('Splits', tableOf(['part', 'documents', 'bytes', 'tokens'], parts)),
    ...sectionOf('Uses', visibleText(card.uses)),
    ...sectionOf('Known gaps', visibleText(card.gaps)),
    ...sectionOf('Maintenance', visibleText(card.maintenance)),
  ].join('\n')}`;
}
