/** The data of a run as a page of its own: what came in, what became of it, and examples of each. */
import { join } from 'node:path';
import { type Clock, formatBytes, writeFileAtomic } from '../../core/index.js';
import { type DuplicateCluster, duplicates, type Languages, languagesOf } from '../../data/index.js';
import type { RunFolder } from '../../project/index.js';
import { shareBar } from './bars.js';
import { dataSection } from './data-section.js';
import { pageFrame } from './frame.js';
import { type Html, html, outside } from './html.js';
import { grouped, percent } from './numbers.js';
import { readDataPart } from './read-data-part.js';
import type { DataPart } from './report-data.js';
import { type Section, sectionHtml } from './section.js';
import { dataTable } from './table.js';

const clustersShown = 30;
const membersShown = 50;

const barRows = (rows: readonly (readonly [name: Html | string, count: number, shown: string])[]) => {
  const most = rows.reduce((longest, [, count]) => Math.max(longest, count), 1);
  return rows.map(([name, count, shown]) => [name, shareBar(count / most), shown]);
};

const funnel = ({ summary: { collected, cleaned, split, tokens } }: DataPart): Section => ({
  id: 'stages',
  title: 'Stages',
  short: 'Stages',
  lead: html`${percent(cleaned.documentsIn === 0 ? 0 : cleaned.kept / cleaned.documentsIn)} of the documents stay.`,
  body: dataTable({
    caption: 'Documents and bytes after each step',
    head: ['step', 'documents', 'bytes', 'share of bytes'],
    drawn: [3],
    rows: [
      ['collect', collected.documents, collected.bytes] as const,
      ['clean', cleaned.kept, cleaned.bytesKept] as const,
      ['split: training', split.train.documents, split.train.bytes] as const,
      [
        'split: held out',
        split.validation.documents + split.test.documents,
        split.validation.bytes + split.test.bytes,
      ] as const,
      ...(tokens === undefined
        ? []
        : [[`tokens: ${grouped(tokens.train.tokens)} to train`, tokens.train.documents, tokens.train.bytes] as const]),
    ].map(([name, documents, bytes]) => [
      name,
      grouped(documents),
      formatBytes(bytes),
      shareBar(collected.bytes === 0 ? 0 : bytes / collected.bytes),
    ]),
  }),
});

const lengthSection = ({ summary: { split } }: DataPart): Section => ({
  id: 'lengths',
  title: 'Lengths',
  short: 'Lengths',
  lead: 'Kept documents by their bytes.',
  body: dataTable({
    caption: 'Each row is twice as long as the one above',
    head: ['from', 'share', 'documents'],
    drawn: [1],
    rows: barRows(
      Object.entries(split.facts?.lengths ?? {}).map(
        ([power, count]) => [formatBytes(2 ** Number(power)), count, grouped(count)] as const,
      ),
    ),
  }),
});

const isPii = (kind: string): boolean => kind.startsWith('pii.');

const countsTable = (
  caption: string,
  none: string,
  rows: readonly (readonly [string, { places: number; documents: number }])[],
): Html =>
  rows.length === 0
    ? html`<p>${none}</p>`
    : dataTable({
        caption,
        head: ['kind', 'places', 'documents'],
        rows: rows.map(([kind, { places, documents }]) => [outside(kind, 80), grouped(places), grouped(documents)]),
      });

const changesSection = ({ summary: { cleaned } }: DataPart): Section => ({
  id: 'changes',
  title: 'Changes',
  short: 'Changes',
  lead: 'What was cut or repaired in documents that stay.',
  body: countsTable(
    'Changes by kind',
    'Nothing was changed.',
    Object.entries(cleaned.changes).filter(([kind]) => !isPii(kind)),
  ),
});

const piiSection = ({ summary: { cleaned } }: DataPart): Section => ({
  id: 'personal-data',
  title: 'Personal data',
  short: 'Personal data',
  lead: 'What was replaced in documents that stay.',
  body: countsTable(
    'Personal data and secrets by kind',
    'None was replaced.',
    Object.entries(cleaned.changes)
      .filter(([kind]) => isPii(kind))
      .map(([kind, counts]) => [kind.slice(4), counts] as const),
  ),
});

const languageSection = ({ drawn, of, counts }: Languages): Section => ({
  id: 'languages',
  title: 'Languages',
  short: 'Languages',
  lead:
    drawn < of
      ? html`As identified in ${grouped(drawn)} of ${grouped(of)} kept documents, drawn at random.`
      : 'Of all kept documents, as identified.',
  body: dataTable({
    caption: 'Documents by language',
    head: ['language', 'share', 'documents', 'of all'],
    drawn: [1],
    rows: Object.entries(counts).map(([language, count]) => [
      outside(language, 20),
      shareBar(count / Math.max(1, drawn)),
      grouped(count),
      percent(count / Math.max(1, drawn)),
    ]),
  }),
});

const duplicateSection = (clusters: readonly DuplicateCluster[]): Section => ({
  id: 'duplicates',
  title: 'Duplicates',
  short: 'Duplicates',
  lead: 'Which document stays, and which were dropped for it; the largest clusters first.',
  body:
    clusters.length === 0
      ? html`<p>Nothing was dropped as a duplicate.</p>`
      : html`${clusters.map(
          ({ kept, count, members }) =>
            html`<details><summary>${outside(kept, 120)} stays for ${grouped(count)}</summary><ul>${members.map(({ id, detail }) => html`<li>${outside(id, 120)}: ${outside(detail, 200)}</li>`)}</ul></details>`,
        )}`,
});

const mixSection = ({ summary: { split } }: DataPart): readonly Section[] =>
  split.mix === undefined
    ? []
    : [
        {
          id: 'mixture',
          title: 'Mixture',
          short: 'Mixture',
          lead: html`Training text by ${split.mix.by}, as asked and as it came; ${grouped(split.mix.documentsLeftOut)} documents are left out.`,
          body: dataTable({
            caption: 'Shares of the bytes of training text',
            head: ['group', 'there', 'asked', 'got', 'epochs', 'bytes'],
            stack: true,
            rows: split.mix.groups.map(({ name, bytes, asked, got, epochs, bytesGot }) => [
              outside(name, 80),
              formatBytes(bytes),
              percent(asked),
              percent(got),
              epochs.toFixed(2),
              formatBytes(bytesGot),
            ]),
          }),
        },
      ];

/** Writes the page, by default into the run's folder; its path. Errors: RUN_ABSENT, FILE_INVALID, TABLE_CORRUPT, FILE_NOT_WRITTEN. */
export async function writeDataReport(
  run: RunFolder,
  clock: Clock,
  path = join(run.folder, 'data-report.html'),
): Promise<string> {
  const artifacts = join(run.folder, 'artifacts');
  const part = await readDataPart(artifacts);
  const clusters = await duplicates(artifacts, { limit: clustersShown, members: membersShown });
  const sections = [
    funnel(part),
    dataSection({ data: { kind: 'read', value: part } }),
    languageSection(await languagesOf(artifacts)),
    changesSection(part),
    piiSection(part),
    duplicateSection(clusters),
    lengthSection(part),
    ...mixSection(part),
  ];
  const date = new Date(clock.now()).toISOString().slice(0, 16).replace('T', ' ');
  const page = pageFrame(
    `${run.name} · data`,
    html`<a class="skip" href="#stages">Skip to the report</a><div class="page"><header class="head"><p class="kicker">Octavo · data of run ${outside(run.name, 80)}</p><h1>${grouped(part.summary.cleaned.kept)} documents, ${formatBytes(part.summary.cleaned.bytesKept)}</h1></header><nav aria-label="Sections"><ul>${sections.map(({ id, short }) => html`<li><a href="#${id}">${short}</a></li>`)}</ul></nav><main>${sections.map(sectionHtml)}</main><footer>Written ${date} UTC by <code>octavo data report</code>.</footer></div>`,
  );
  writeFileAtomic(path, page);
  return path;
}
