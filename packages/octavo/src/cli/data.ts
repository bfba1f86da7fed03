import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { absurd, fail, formatBytes, visibleLine, visibleText, writeFileAtomic } from '../core/index.js';
import {
  type DataSummary,
  type DuplicateCluster,
  dataCard,
  dataSummary,
  dropReasons,
  duplicates,
  type Fate,
  type SampledDocument,
  sampleDocuments,
  why,
} from '../data/index.js';
import { readProject, readRunConfig, writeDataReport } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command, Invocation } from './command.js';
import { dataTasks, taskOptions } from './data-tasks.js';
import { transferData } from './data-transfer.js';
import { parseOptions } from './options.js';
import { run } from './run.js';
import { artifactsOf, existingRun, finishedArtifact } from './run-artifacts.js';
import { paintFor, table } from './terminal.js';

/** `gopher` stands for all of `gopher.…`. */
const families = [...new Set(dropReasons.flatMap((reason) => /^(.+)\./.exec(reason)?.[1] ?? []))];

const Options = z.object({
  run: z.string().default('main'),
  reason: z.enum([...dropReasons, ...families]).optional(),
  set: z.array(z.string()).default([]),
  html: z.string().min(1).optional(),
  blobs: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(100_000).default(10),
  kept: z.boolean().default(false),
  dropped: z.boolean().default(false),
  source: z.string().optional(),
  language: z
    .string()
    .regex(/^[a-z]{2}$/, 'a language is two letters, such as en')
    .optional(),
  seed: z.coerce.number().int().min(0).default(1),
});

/** Counts of documents are told to the last one. */
const exact = (count: number): string => count.toLocaleString('en-US');

const totals = ({ documents, bytes }: { readonly documents: number; readonly bytes: number }) => [
  exact(documents),
  formatBytes(bytes),
];

const share = (part: number): string => `${(100 * part).toFixed(1)} %`;

const mixLines = ({ mix, order }: DataSummary['split']): readonly string[] => [
  ...(order === undefined ? [] : [`training text is ordered by ${order}`]),
  ...(mix === undefined
    ? []
    : [
        '',
        `mixture by ${mix.by}; ${exact(mix.documentsLeftOut)} documents of the training part are left out`,
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
  const reasons = Object.entries(cleaned.droppedByReason).map(([reason, count]) => [`  ${reason}`, exact(count)]);
  const changes = Object.entries(cleaned.changes).map(([kind, { places, documents }]) => [
    `  ${visibleLine(kind, 50)}`,
    exact(places),
    `in ${exact(documents)} documents`,
  ]);
  const parts = (['train', 'validation', 'test'] as const).map((part) => [
    `  ${part}`,
    ...totals(split[part]),
    ...(tokens === undefined ? [] : [`${exact(tokens[part].tokens)} tokens`]),
  ]);
  const bytesPerToken =
    tokens === undefined
      ? ''
      : `\n${(tokens.train.bytes / tokens.train.tokens).toFixed(2)} bytes a token, ${exact(tokens.vocabularySize)} words in the vocabulary\n`;
  return [
    table([['source', 'documents', 'bytes', 'licence'], ...sources]),
    '',
    `kept ${exact(cleaned.kept)} of ${exact(cleaned.documentsIn)} documents, ${formatBytes(cleaned.bytesKept)} of ${formatBytes(cleaned.bytesIn)}; dropped`,
    table(reasons.length === 0 ? [['  none']] : reasons),
    ...(changes.length === 0 ? [] : ['', 'changed', table(changes)]),
    ...(cleaned.classifier === undefined
      ? []
      : [
          `classifier of quality: ${(100 * cleaned.classifier.accuracy).toFixed(1)} % right on ${exact(cleaned.classifier.heldOut)} held-out examples`,
        ]),
    '',
    'split',
    table(parts),
    ...mixLines(split),
    bytesPerToken,
  ].join('\n');
};

/** The place that a rule is about stands between ⟦ and ⟧. */
const excerptText = ({ text, hit }: SampledDocument): string =>
  hit === undefined
    ? visibleLine(text, 240)
    : [
        visibleLine(text.slice(0, hit.from), 240),
        '⟦',
        visibleLine(text.slice(hit.from, hit.to), 120),
        '⟧',
        visibleLine(text.slice(hit.to), 240),
      ].join('');

const sampledText = (documents: readonly SampledDocument[]): string =>
  documents
    .map((one) => {
      const fate =
        one.dropped === undefined ? 'kept' : `${one.dropped.reason}: ${visibleLine(one.dropped.detail, 120)}`;
      return `${visibleLine(one.id, 90)}\n  ${fate}\n  ${excerptText(one)}\n`;
    })
    .join('');

const membersShown = 10;

const duplicatesText = (clusters: readonly DuplicateCluster[]): string =>
  clusters
    .map(({ kept, members }) => {
      const shown = members
        .slice(0, membersShown)
        .map(({ id, detail }) => `  ${visibleLine(id, 90)}: ${visibleLine(detail, 120)}\n`);
      const more = members.length > membersShown ? `  and ${exact(members.length - membersShown)} more\n` : '';
      return `${visibleLine(kept, 90)} stays for ${exact(members.length)}\n${shown.join('')}${more}`;
    })
    .join('');

const fateText = (fate: Fate, id: string): string => {
  switch (fate.kind) {
    case 'kept':
      return `${visibleLine(fate.id, 120)}: kept, in ${fate.split} (${formatBytes(fate.bytes)})\n${fate.cluster === fate.id ? '' : `  like ${visibleLine(fate.cluster, 120)}, so both are in one part\n`}\n${visibleText(fate.excerpt)}\n`;
    case 'left-out':
      return `${visibleLine(id, 120)}: kept by cleaning, left out of training by data.mix\n`;
    case 'dropped':
      return `${visibleLine(fate.id, 120)}\n  ${fate.reason}: ${visibleLine(fate.detail, 120)}\n  ${visibleLine(fate.excerpt, 120)}\n`;
    case 'unknown':
      return `there is no document ${visibleLine(id, 120)}${fate.alike.length === 0 ? '\n' : `; there are\n${fate.alike.map((one) => `  ${visibleLine(one, 120)}\n`).join('')}`}`;
    default:
      return absurd(fate);
  }
};

const views: Readonly<
  Record<
    string,
    (
      invocation: Invocation,
      artifacts: string,
    ) => Promise<{ readonly value: unknown; readonly text: string; readonly code: 0 | 1 }>
  >
> = {
  report: async ({ options, cwd, clock }, artifacts) => {
    const value = await dataSummary(artifacts);
    const { run: name, html } = parseOptions(Options, options);
    const page = await writeDataReport(
      existingRun(cwd, name),
      clock,
      html === undefined ? undefined : resolve(cwd, html),
    );
    return { value, text: `${dataReport(value)}\n${visibleLine(page, 400)}\n`, code: 0 };
  },
  card: async ({ options, cwd }, artifacts) => {
    const { run: name, set } = parseOptions(Options, options);
    const run = existingRun(cwd, name);
    // Words may be added after the run; settings are those that it was made with.
    const { card } = readProject(findProjectFolder(cwd), set).data;
    const summary = await dataSummary(artifacts);
    const path = join(run.folder, 'data-card.md');
    writeFileAtomic(path, dataCard(summary, { card, clean: readRunConfig(run).data.clean }));
    return { value: { ...summary, card, path }, text: `${visibleLine(path, 400)}\n`, code: 0 };
  },
  sample: async ({ options }, artifacts) => {
    const { limit: count, seed, kept, dropped, reason, source, language } = parseOptions(Options, options);
    if (kept && (dropped || reason !== undefined))
      throw fail('USAGE', {
        what: 'a document that was kept was not dropped',
        where: '--kept',
        remedy: 'leave out --kept, or --dropped and --reason',
      });
    const fate = kept ? 'kept' : dropped || reason !== undefined ? 'dropped' : undefined;
    const value = await sampleDocuments(artifacts, { fate, reason, source, language }, { count, seed });
    const of = value.of === undefined ? '' : ` of ${exact(value.of)}`;
    const text = `${exact(value.documents.length)}${of} documents\n${sampledText(value.documents)}`;
    return { value, text: value.documents.length === 0 ? 'there is no such document\n' : text, code: 0 };
  },
  duplicates: async ({ options }, artifacts) => {
    const { limit } = parseOptions(Options, options);
    const value = await duplicates(artifacts, { limit });
    return {
      value,
      text: value.length === 0 ? 'nothing was dropped as a duplicate\n' : duplicatesText(value),
      code: 0,
    };
  },
  why: async ({ args }, artifacts) => {
    const id = args[1];
    if (id === undefined)
      throw fail('USAGE', {
        what: 'the id of a document is missing',
        where: 'octavo data why',
        remedy: '`octavo data sample` shows some',
      });
    const value = await why(artifacts, id);
    return { value, text: fateText(value, id), code: value.kind === 'unknown' ? 1 : 0 };
  },
};

export const data: Command = {
  args: [
    {
      form: '[what]',
      says: 'report, card, sample, duplicates, why, push, pull, work or slurm; without it the data steps run',
    },
    { form: '[id]', says: 'the document that `why` asks about' },
  ],
  options: [
    ...run.options.filter(({ form }) => !form.startsWith('--until')),
    {
      form: '--reason <reason>',
      says: 'with sample: documents dropped for this reason, or family of reasons such as gopher',
    },
    { form: '--kept', says: 'with sample: documents that stayed' },
    { form: '--dropped', says: 'with sample: documents that were dropped' },
    { form: '--source <name>', says: 'with sample: documents of this source' },
    { form: '--language <code>', says: 'with sample: documents in this language, such as en' },
    { form: '--seed <number>', says: 'with sample: draw others (1)' },
    ...taskOptions,
    { form: '--html <file>', says: 'with report: where the page goes (runs/NAME/data-report.html)' },
    { form: '-n, --limit <count>', says: 'with sample and duplicates: how many to show (10)' },
    {
      form: '--blobs <place>',
      says: 'with push and pull: hdfs://namenode:9870/folder, s3://bucket/folder or a folder (data.blobs)',
    },
  ],
  examples: [
    'octavo data',
    'octavo data report',
    'octavo data card',
    'octavo data sample --reason gopher.symbol_ratio -n 5',
    'octavo data sample --kept --language en',
    'octavo data duplicates',
    'octavo data why notes/a.md',
    'octavo data push --blobs s3://bucket/folder',
    'octavo data work',
    'octavo data slurm --workers 8 --partition short',
  ],
  run: async (invocation) => {
    const { args, options, json, terminal, cwd } = invocation;
    const what = args[0];
    if (what === undefined) return run.run({ ...invocation, options: { ...options, until: 'tokenize' } });
    if (what === 'push' || what === 'pull') {
      const { value, text } = await transferData(what, invocation, parseOptions(Options, options));
      terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : text);
      return 0;
    }
    const task = Object.hasOwn(dataTasks, what) ? dataTasks[what] : undefined;
    if (task !== undefined) return task(invocation);
    const view = views[what];
    if (view === undefined || !Object.hasOwn(views, what))
      throw fail('USAGE', {
        what: `"${visibleLine(what)}" is not one of ${[...Object.keys(views), 'push', 'pull', ...Object.keys(dataTasks)].join(', ')}`,
        where: 'octavo data',
        remedy: 'see `octavo data --help`',
      });
    const folder = existingRun(cwd, parseOptions(Options, options).run);
    // What cleaning dropped can be looked at even where it left nothing to split.
    if (what !== 'sample' || !existsSync(join(folder.artifact('clean'), 'documents.parquet')))
      finishedArtifact(folder, 'split');
    const { value, text, code } = await view(invocation, artifactsOf(folder));
    terminal.out(
      json ? `${JSON.stringify(value, null, 2)}\n` : `${paintFor(terminal)('bold', `runs/${folder.name}`)}\n${text}`,
    );
    return code;
  },
};
