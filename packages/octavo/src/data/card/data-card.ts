/**
 * The card of a data set: what the run knows of it, and what octavo.yaml says, word for word. Its header is that of
 * Hugging Face's dataset cards, its questions are those of Datasheets for Datasets (Gebru et al., arXiv 1803.09010).
 */
import { stringify } from 'yaml';
import { formatBytes, formatExact, visibleLine, visibleText } from '../../core/index.js';
import type { DataSummary } from '../inspect/data-summary.js';
import type { Languages } from '../inspect/languages.js';
import type { DataSection } from '../section.js';
import type { FilterFacts } from './filters.js';

/** Text from outside as Markdown that stays text: no tags, links or table cells of its own. */
const plain = (text: string): string => visibleLine(text, 1000).replaceAll(/[\\`*_[\]<>|#&]/g, String.raw`\$&`);

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const sectionOf = (title: string, body: string): readonly string[] =>
  body === '' ? [] : [`## ${title}`, '', body, ''];

export interface CardFacts extends DataSummary, Pick<DataSection, 'card' | 'clean'> {
  readonly filters: readonly FilterFacts[];
  readonly languages: Languages;
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

/** What the run itself knows to be missing, uncertain or skewed. */
function limitsOf({ collected, cleaned, split, languages, clean }: CardFacts): readonly string[] {
  const { facts } = split;
  const unlicensed = facts?.licences['unknown']?.documents ?? 0;
  const dated = facts?.times?.documents ?? 0;
  const largest = cleaned.sources.toSorted((a, b) => b.bytes - a.bytes)[0];
  const repeated = (split.mix?.groups ?? []).filter(({ epochs }) => epochs > 1);
  return [
    ...(unlicensed > 0 ? [`The licence of ${formatExact(unlicensed)} documents is unknown.`] : []),
    ...(dated < cleaned.kept ? [`${formatExact(cleaned.kept - dated)} documents have no date.`] : []),
    ...(collected.rejected > 0 ? [`${formatExact(collected.rejected)} rows or files could not be read.`] : []),
    ...(languages.drawn < languages.of
      ? [`Languages are those of ${formatExact(languages.drawn)} documents drawn at random.`]
      : []),
    ...(largest !== undefined && cleaned.sources.length > 1 && largest.bytes > cleaned.bytesKept / 2
      ? [`${percent(largest.bytes / cleaned.bytesKept)} of the text is from ${plain(largest.name)}.`]
      : []),
    ...(repeated.length > 0
      ? [`Training text of ${repeated.map(({ name }) => plain(name)).join(', ')} is repeated.`]
      : []),
    ...(clean.pii === false
      ? ['Personal data was not looked for.']
      : ['Personal data is found by patterns; names and addresses of streets are not.']),
    ...(clean.decontaminate.files.length === 0 ? ['No evaluation set was looked for in the text.'] : []),
  ];
}

/** Markdown. */
export function dataCard(of: CardFacts): string {
  const { collected, cleaned, split, tokens, card, clean, filters, languages } = of;
  const { facts, mix } = split;
  const licences = [...new Set(collected.sources.map(({ licence }) => licence))];
  const header = {
    ...(card.title === '' ? {} : { pretty_name: card.title }),
    license: 'other',
    license_name: card.licence === '' ? licences.join('; ') : card.licence,
  };
  const parts = (['train', 'validation', 'test'] as const).map((part) => [
    part,
    formatExact(split[part].documents),
    formatBytes(split[part].bytes),
    tokens === undefined ? '' : formatExact(tokens[part].tokens),
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
          formatExact(documents),
          formatBytes(bytes),
          formatExact(rejected),
        ]),
      ),
    ),
    ...sectionOf(
      'Documents that stay',
      [
        facts?.times === undefined
          ? 'No document has a date.'
          : `From ${plain(facts.times.from)} to ${plain(facts.times.to)}; ${formatExact(facts.times.documents)} documents have a date.`,
        '',
        tableOf(
          ['language', languages.drawn < languages.of ? `of ${formatExact(languages.drawn)} drawn` : 'documents'],
          Object.entries(languages.counts).map(([language, number]) => [plain(language), formatExact(number)]),
        ),
        '',
        tableOf(
          ['licence', 'documents', 'bytes'],
          Object.entries(facts?.licences ?? {}).map(([licence, { documents, bytes }]) => [
            plain(licence),
            formatExact(documents),
            formatBytes(bytes),
          ]),
        ),
      ].join('\n'),
    ),
    ...sectionOf(
      'Personal data replaced',
      clean.pii === false
        ? ''
        : tableOf(
            ['kind', 'places', 'documents'],
            Object.entries(cleaned.changes)
              .filter(([kind]) => kind.startsWith('pii.'))
              .map(([kind, { places, documents }]) => [
                plain(kind.slice(4)),
                formatExact(places),
                formatExact(documents),
              ]),
          ),
    ),
    ...sectionOf(
      'Filters',
      tableOf(
        ['filter', 'published by', 'thresholds'],
        filters.map(({ name, published, thresholds }) => [
          plain(name),
          published,
          plain(
            Object.entries(thresholds)
              .map(([field, value]) => `${field} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
              .join(', '),
          ),
        ]),
      ),
    ),
    ...sectionOf(
      'Cleaning',
      [
        `${formatExact(cleaned.kept)} of ${formatExact(cleaned.documentsIn)} documents stay.`,
        '',
        tableOf(
          ['dropped for', 'documents'],
          Object.entries(cleaned.droppedByReason).map(([reason, number]) => [plain(reason), formatExact(number)]),
        ),
        '',
        tableOf(
          ['changed', 'places', 'documents'],
          Object.entries(cleaned.changes).map(([kind, { places, documents }]) => [
            plain(kind),
            formatExact(places),
            formatExact(documents),
          ]),
        ),
      ].join('\n'),
    ),
    ...sectionOf('Splits', tableOf(['part', 'documents', 'bytes', 'tokens'], parts)),
    ...sectionOf(
      'Mixture',
      mix === undefined
        ? ''
        : tableOf(
            [mix.by, 'there', 'asked', 'got', 'epochs'],
            mix.groups.map(({ name, bytes, asked, got, epochs }) => [
              plain(name),
              formatBytes(bytes),
              percent(asked),
              percent(got),
              epochs.toFixed(2),
            ]),
          ),
    ),
    ...sectionOf('Uses', visibleText(card.uses)),
    ...sectionOf(
      'Known gaps',
      [...(card.gaps === '' ? [] : [visibleText(card.gaps), '']), ...limitsOf(of).map((limit) => `- ${limit}`)].join(
        '\n',
      ),
    ),
    ...sectionOf('Maintenance', visibleText(card.maintenance)),
  ].join('\n')}`;
}
