import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { fail, visibleLine } from '../core/index.js';
import {
  type Agreement,
  addItems,
  alphaLevels,
  balances,
  createProject,
  documentItems,
  exportLabels,
  findProject,
  formatOf,
  type LabelProject,
  labelFormats,
  labelKinds,
  labelProgress,
  listProjects,
  measureAgreement,
  openStore,
  readFunctions,
  readItems,
  type Store,
  serveLabels,
  suggestByClassifier,
  suggestByFunctions,
  uncertaintyRules,
  type WeakLabels,
} from '../data/index.js';
import { readProject } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { existingRun, finishedArtifact } from './run-artifacts.js';
import { table } from './terminal.js';

const Options = z.object({
  store: z.string().min(1).optional(),
  kind: z.enum(labelKinds).default('classification'),
  labels: z.string().optional(),
  multiple: z.boolean().default(false),
  question: z.string().default(''),
  ties: z.boolean().default(true),
  from: z.coerce.number().int().default(1),
  to: z.coerce.number().int().default(5),
  overlap: z.coerce.number().int().min(1).default(1),
  claimMinutes: z.coerce.number().int().min(1).default(30),
  format: z.enum(labelFormats).optional(),
  textField: z.string().min(1).default('text'),
  labelField: z.string().min(1).optional(),
  run: z.string().min(1).optional(),
  annotator: z.string().min(1).max(200).default('import'),
  out: z.string().optional(),
  balance: z.enum(balances).default('none'),
  level: z.enum(alphaLevels).optional(),
  functions: z.string().optional(),
  by: z.enum(['majority', 'dawid-skene']).default('dawid-skene'),
  active: z.enum(uncertaintyRules).default('margin'),
  port: z.coerce.number().int().min(0).max(65_535).default(0),
});
type Options = z.infer<typeof Options>;

interface Answer {
  readonly value: unknown;
  readonly text: string;
}

interface Work {
  readonly invocation: Invocation;
  readonly options: Options;
  readonly store: Store;
  /** The second word: the name of a project. */
  readonly name: string;
}

const needed = (what: string, verb: string) =>
  fail('USAGE', { what: `${what} is missing`, where: `octavo label ${verb}`, remedy: 'see `octavo label --help`' });

const share = (number: number): string => (Number.isFinite(number) ? number.toFixed(3) : 'undefined');

const settingsOf = (options: Options): Readonly<Record<string, unknown>> => {
  const { kind, question, overlap, claimMinutes, multiple, ties, from, to } = options;
  const labels = options.labels?.split(',').map((label) => label.trim());
  const common = { kind, question, overlap, claimMinutes };
  if (kind === 'classification') return { ...common, labels, multiple };
  if (kind === 'spans') return { ...common, labels };
  if (kind === 'pairs') return { ...common, ties };
  return kind === 'rating' ? { ...common, from, to } : common;
};

const agreementText = ({ alpha, fleiss, level, pairs, shared, unit, units }: Agreement): string =>
  [
    `${shared} of ${units} ${unit}s have two labels or more`,
    `Krippendorff's alpha (${level})  ${share(alpha)}`,
    ...(fleiss === undefined ? [] : [`Fleiss's kappa  ${share(fleiss)}`]),
    '',
    pairs.length === 0
      ? 'no two people have labelled the same'
      : table([
          ['one', 'other', `${unit}s`, 'agreed', "Cohen's kappa"],
          ...pairs.map(({ one, other, units: both, agreed, kappa }) => [
            visibleLine(one, 30),
            visibleLine(other, 30),
            String(both),
            share(agreed),
            share(kappa),
          ]),
        ]),
    '',
  ].join('\n');

const weakText = ({ items, covered, conflicts, functions }: WeakLabels): string =>
  `${table([
    ['function', 'votes', 'agrees', 'right'],
    ...functions.map(({ name, votes, agrees, right }) => [
      visibleLine(name, 40),
      String(votes),
      share(agrees),
      right === undefined ? '' : share(right),
    ]),
  ])}\n${covered} of ${items} items have a suggestion; on ${conflicts} the functions differ\n`;

const readYaml = (path: string, shown: string): unknown => {
  if (!existsSync(path))
    throw fail('FILE_UNREADABLE', { what: 'there is no such file', where: shown, remedy: 'correct --functions' });
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw fail('LABEL_FORMAT', { what: 'this is not YAML', where: shown, remedy: 'see docs/labelling.md', cause });
  }
};

const suggest = async ({ invocation, options, store }: Work, project: LabelProject): Promise<Answer> => {
  if (options.functions === undefined) {
    const value = await suggestByClassifier(store, project, options.active);
    return {
      value,
      text: `trained on ${value.trainedOn} labels; ${value.suggested} items have a suggestion, the least sure are asked first (mean ${options.active} ${share(value.uncertainty)})\n`,
    };
  }
  const labels = 'labels' in project.settings ? project.settings.labels : [];
  const functions = readFunctions(readYaml(resolve(invocation.cwd, options.functions), options.functions), {
    labels,
    where: options.functions,
  });
  const value = await suggestByFunctions(store, project, { functions, by: options.by });
  return { value, text: weakText(value) };
};

/** What to import: a file, or the cleaned documents of a run. */
function itemsOf({ args, cwd }: Invocation, options: Options, project: LabelProject): ReturnType<typeof readItems> {
  const { run, textField, labelField, annotator } = options;
  if (run !== undefined) {
    const folder = existingRun(cwd, run);
    return documentItems(join(finishedArtifact(folder, 'clean'), 'documents.parquet'), { annotator });
  }
  const file = args[2];
  if (file === undefined) throw needed('the file to import, or --run NAME,', 'import');
  const path = resolve(cwd, file);
  if (!existsSync(path))
    throw fail('FILE_UNREADABLE', { what: 'there is no such file', where: file, remedy: 'correct the path' });
  return readItems(path, project, { format: options.format ?? formatOf(path), textField, labelField, annotator });
}

const verbs: Readonly<Record<string, (work: Work) => Promise<Answer>>> = {
  list: async ({ store }) => {
    const projects = await listProjects(store);
    const value = await Promise.all(
      projects.map(async (project) => ({ ...project, progress: await labelProgress(store, project) })),
    );
    return {
      value,
      text:
        value.length === 0
          ? 'there are no projects: `octavo label create` makes one\n'
          : `${table([['project', 'kind', 'items', 'done', 'labels'], ...value.map(({ id, settings, progress }) => [id, settings.kind, String(progress.items), String(progress.complete), String(progress.annotations)])])}\n`,
    };
  },
  create: async ({ invocation, options, store, name }) => {
    const value = await createProject(store, { id: name, settings: settingsOf(options), clock: invocation.clock });
    return {
      value,
      text: `${name} is there (${value.settings.kind}); give it items: octavo label import ${name} items.jsonl\n`,
    };
  },
  import: async ({ invocation, options, store, name }) => {
    const project = await findProject(store, name);
    const value = await addItems(store, project, itemsOf(invocation, options, project), invocation.clock);
    return {
      value,
      text: `${value.items} items added, ${value.known} were there already; ${value.annotations} labels\n`,
    };
  },
  export: async ({ invocation, options, store, name }) => {
    const project = await findProject(store, name);
    const out = options.out;
    const format = options.format ?? (out === undefined ? 'jsonl' : formatOf(out));
    const to = out === undefined ? { write: invocation.terminal.out } : resolve(invocation.cwd, out);
    const value = {
      project: name,
      format,
      characters: await exportLabels(store, project, { format, balance: options.balance, to }),
    };
    return { value, text: out === undefined ? '' : `${visibleLine(out, 200)} is written (${format})\n` };
  },
  agreement: async ({ options, store, name }) => {
    const value = await measureAgreement(store, await findProject(store, name), options.level);
    return { value, text: agreementText(value) };
  },
  suggest: async (work) => suggest(work, await findProject(work.store, work.name)),
  serve: async ({ invocation, options, store, name }) => {
    const { terminal, clock, interruptible, json } = invocation;
    const project = await findProject(store, name);
    await interruptible(async (signal) => {
      await using server = await serveLabels({
        store,
        project,
        clock,
        port: options.port,
        log: (text) => terminal.err(`${text}\n`),
      });
      terminal.out(
        json
          ? `${JSON.stringify({ url: server.url, project: name })}\n`
          : `Label ${name} at\n\n  ${server.url}\n\n(this machine only; Ctrl-C stops)\n`,
      );
      if (!signal.aborted)
        await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    }, 'every label is saved already');
    return { value: undefined, text: '' };
  },
};

/** Where the labels of the project are: --store, else data.store of octavo.yaml, else the default. */
const storeOf = (folder: string, given: string | undefined): string =>
  given ?? (existsSync(resolve(folder, 'octavo.yaml')) ? readProject(folder, []).data.store : '.octavo/store.sqlite');

export const label: Command = {
  args: [
    { form: '<what>', says: 'create, import, serve, export, agreement, suggest or list' },
    { form: '[project]', says: 'the project, in small letters, digits and dashes' },
    { form: '[file]', says: 'with import: a JSONL, CoNLL or Label Studio file' },
  ],
  options: [
    { form: '--store <place>', says: 'the database (data.store of octavo.yaml: .octavo/store.sqlite)' },
    { form: '--kind <kind>', says: `with create: ${labelKinds.join(', ')} (classification)` },
    { form: '--labels <names>', says: 'with create: the labels, with commas between' },
    { form: '--multiple', says: 'with create: an item may have several labels, or none' },
    { form: '--question <text>', says: 'with create: what stands above each item' },
    { form: '--no-ties', says: 'with create, pairs: one of two has to be better' },
    { form: '--from <number>', says: 'with create, rating: the lowest (1)' },
    { form: '--to <number>', says: 'with create, rating: the highest (5)' },
    { form: '--overlap <people>', says: 'with create: how many label each item (1)' },
    { form: '--claim-minutes <minutes>', says: 'with create: how long an open item is kept for one (30)' },
    {
      form: '--format <format>',
      says: `with import and export: ${labelFormats.join(', ')} (by the file's name); csv is written alone`,
    },
    { form: '--text-field <name>', says: 'with import: the field that holds the text (text)' },
    { form: '--label-field <name>', says: 'with import, JSONL: the field that holds a label' },
    { form: '--run <name>', says: 'with import: the cleaned documents of a run, labels of their sources with them' },
    { form: '--annotator <name>', says: 'with import: whose labels of CoNLL, --label-field and --run are (import)' },
    { form: '--out <file>', says: 'with export: the file to write (the terminal)' },
    {
      form: '--balance <how>',
      says: 'with export, classes: under or over (sampling), inverse or effective (a weight in each row), none (none)',
    },
    { form: '--level <level>', says: `with agreement: ${alphaLevels.join(', ')} (ratings: ordinal, else nominal)` },
    { form: '--functions <file>', says: 'with suggest: labelling functions in YAML' },
    { form: '--by <rule>', says: 'with --functions: majority or dawid-skene (dawid-skene)' },
    {
      form: '--active <rule>',
      says: `with suggest: ask first what a classifier is unsure of, by ${uncertaintyRules.join(', ')} (margin)`,
    },
    { form: '--port <number>', says: 'with serve: the port (any free one)' },
  ],
  examples: [
    'octavo label create tone --labels praise,complaint,other --overlap 2',
    'octavo label import tone reviews.jsonl --text-field body',
    'octavo label import tone --run main',
    'octavo label serve tone',
    'octavo label agreement tone',
    'octavo label suggest tone --functions rules.yaml',
    'octavo label export tone --balance under --out tone.jsonl',
    'octavo label export tone --format label-studio --out tone.json',
  ],
  run: async (invocation) => {
    const { args, json, terminal, cwd, clock } = invocation;
    const what = args[0] ?? '';
    const verb = Object.hasOwn(verbs, what) ? verbs[what] : undefined;
    if (verb === undefined)
      throw fail('USAGE', {
        what: `"${visibleLine(what)}" is not one of ${Object.keys(verbs).join(', ')}`,
        where: 'octavo label',
        remedy: 'see `octavo label --help`',
      });
    const options = parseOptions(Options, invocation.options);
    const name = args[1] ?? '';
    if (name === '' && what !== 'list') throw needed('the name of a project', what);
    const folder = findProjectFolder(cwd);
    await using store = await openStore(storeOf(folder, options.store), { projectFolder: folder, clock });
    const { value, text } = await verb({ invocation, options, store, name });
    const isTold = what === 'serve' || (what === 'export' && options.out === undefined);
    if (!isTold) terminal.out(json ? `${JSON.stringify(value, undefined, 2)}\n` : text);
    return 0;
  },
};
