import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fail, formatExact, visibleLine } from '../core/index.js';
import {
  type DuplicateCluster,
  dataSummary,
  dropReasons,
  duplicates,
  sampleDocuments,
  splitSection,
  why,
} from '../data/index.js';
import { cacheFolderOf, readProject, readRunConfig, writeDataCard, writeDataReport } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command, Invocation } from './command.js';
import { dataReport } from './data-report-text.js';
import { sampledText } from './data-sample-text.js';
import { dataTasks, taskOptions } from './data-tasks.js';
import { transferData } from './data-transfer.js';
import { fateText } from './data-why-text.js';
import { parseOptions } from './options.js';
import { run } from './run.js';
import { artifactsOf, existingRun, finishedArtifact } from './run-artifacts.js';
import { paintFor } from './terminal.js';

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

const membersShown = 10;

const duplicatesText = (clusters: readonly DuplicateCluster[]): string =>
  clusters
    .map(({ kept, count, members }) => {
      const shown = members
        .slice(0, membersShown)
        .map(({ id, detail }) => `  ${visibleLine(id, 90)}: ${visibleLine(detail, 120)}\n`);
      const more = count > shown.length ? `  and ${formatExact(count - shown.length)} more\n` : '';
      return `${visibleLine(kept, 90)} stays for ${formatExact(count)}\n${shown.join('')}${more}`;
    })
    .join('');

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
  card: async ({ options, cwd }) => {
    const { run: name, set } = parseOptions(Options, options);
    const run = existingRun(cwd, name);
    // Words may be added after the run; settings are those that it was made with.
    const { card } = readProject(findProjectFolder(cwd), set).data;
    const paths = await writeDataCard(run, { card, clean: readRunConfig(run).data.clean });
    return { value: { paths }, text: paths.map((path) => `${visibleLine(path, 400)}\n`).join(''), code: 0 };
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
    const of = value.of === undefined ? '' : ` of ${formatExact(value.of)}`;
    const ofAsked = value.asked === undefined ? '' : ` among ${formatExact(value.asked)} drawn at random`;
    const guessed =
      value.guessed === 0 ? '' : `; the language of ${formatExact(value.guessed)} is guessed from their first words`;
    const text = `${formatExact(value.documents.length)}${of} documents${guessed}\n${sampledText(value.documents)}`;
    return {
      value,
      text:
        value.documents.length === 0
          ? `${reason === undefined ? 'there is no such document' : `nothing like that was dropped for ${reason}`}${ofAsked}\n`
          : text,
      code: 0,
    };
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
  why: async ({ args, options, cwd, clock }, artifacts) => {
    const id = args[1];
    if (id === undefined)
      throw fail('USAGE', {
        what: 'the id of a document is missing',
        where: 'octavo data why',
        remedy: '`octavo data sample` shows some',
      });
    const made = readRunConfig(existingRun(cwd, parseOptions(Options, options).run)).data;
    const [section, mixed] = [made.clean, splitSection(made)];
    const projectFolder = findProjectFolder(cwd);
    const cacheFolder = cacheFolderOf(projectFolder);
    const value = await why({ artifacts, section, mixed, projectFolder, cacheFolder, clock }, id);
    return { value, text: fateText(value, id), code: value.kind === 'unknown' ? 1 : 0 };
  },
};

export const data: Command = {
  args: [
    {
      form: '[what]',
      says: 'report, card, sample, duplicates, why, diff, columns, push, pull, work, slurm or kubernetes; without it the data steps run',
    },
    { form: '[names...]', says: 'the document that `why` asks about, or the two runs that `diff` compares' },
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
    { form: '--exit-code', says: 'with diff: end with 1 where the runs differ' },
    { form: '--seed <number>', says: 'with sample: draw others (1)' },
    ...taskOptions,
    { form: '--html <file>', says: 'with report: where the page goes (runs/NAME/data-report.html)' },
    {
      form: '-n, --limit <count>',
      says: 'with sample and duplicates: how many to show (10); with diff: examples of each difference (3)',
    },
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
    'octavo data diff main other',
    'octavo data why notes/a.md',
    'octavo data push --blobs s3://bucket/folder',
    'octavo data columns',
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
