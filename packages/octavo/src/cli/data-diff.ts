import { join } from 'node:path';
import { z } from 'zod';
import { fail, formatBytes, formatExact, visibleLine } from '../core/index.js';
import { type DataDiff, type Difference, type DifferenceKind, diffData, type Figure } from '../data/index.js';
import { cacheFolderOf, readRunConfig } from '../pipeline/index.js';
import { findProjectFolder, type RunFolder } from '../project/index.js';
import type { ExitCode, Invocation } from './command.js';
import { excerptText } from './data-sample-text.js';
import { parseOptions } from './options.js';
import { artifactsOf, existingRun, finishedArtifact } from './run-artifacts.js';
import { paintFor, table } from './terminal.js';

const Options = z.object({
  limit: z.coerce.number().int().min(0).max(1000).default(3),
  exitCode: z.boolean().default(false),
});

interface Setting {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Fields in which two configurations differ, each by its whole name. */
const settingsApart = (before: unknown, after: unknown, name: string): readonly Setting[] => {
  const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isSection(before) || !isSection(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ name, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    settingsApart(before[key], after[key], `${name}.${key}`),
  );
};

const kindTexts: Readonly<Record<DifferenceKind, string>> = {
  added: 'new',
  removed: 'gone',
  changed: 'other text',
  lost: 'no longer kept',
  regained: 'kept again',
  'other-reason': 'dropped for another reason',
};

const wayOf = ({ before, after }: Pick<Difference, 'before' | 'after'>): string =>
  before === after ? '' : `${before ?? 'not there'} → ${after ?? 'not there'}`;

const shown = (unit: Figure['unit'], value: number): string => {
  if (unit === 'bytes') return formatBytes(value);
  return unit === 'share' ? `${(100 * value).toFixed(1)} %` : formatExact(value);
};

const change = ({ unit, before, after }: Figure): string => {
  if (before === after) return '';
  if (unit === 'share') return `${after > before ? '+' : '−'}${Math.abs(100 * (after - before)).toFixed(1)}`;
  if (before === 0) return 'new';
  const percent = (100 * (after - before)) / before;
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)} %`;
};

/** Figures that every comparison shows, whether they differ or not. */
const always = /^(?:collected|kept|train|validation|test): /;

const exampleText = ({ kind, before, after, examples }: Difference): string =>
  examples.length === 0
    ? ''
    : `${kindTexts[kind]} ${wayOf({ before, after })}`.trimEnd().concat(
        '\n',
        examples
          .map(({ id, dropped, change: of, ...excerpt }) => {
            const detail = dropped === undefined ? '' : `: ${visibleLine(dropped.detail, 120)}`;
            const lines = of === undefined ? [excerpt] : [of.before, of.after];
            const marks = of === undefined ? [' '] : ['-', '+'];
            return `  ${visibleLine(id, 90)}${detail}\n${lines.map((one, at) => `  ${marks[at] ?? ' '} ${excerptText(one)}\n`).join('')}`;
          })
          .join(''),
      );

const diffText = (
  { unchanged, differences, moved, figures }: DataDiff,
  settings: readonly Setting[],
  [before, after]: readonly [string, string],
): string =>
  [
    ...(settings.length === 0
      ? []
      : [
          table([
            ['setting', before, after],
            ...settings.map((one) => [
              visibleLine(one.name, 60),
              ...[one.before, one.after].map((value) => visibleLine(JSON.stringify(value) ?? '', 60)),
            ]),
          ]),
          '',
        ]),
    `${formatExact(unchanged)} documents are the same in both`,
    ...(differences.length === 0
      ? []
      : [table(differences.map((one) => [`  ${kindTexts[one.kind]}`, formatExact(one.documents), wayOf(one)]))]),
    ...(moved.length === 0
      ? []
      : [
          'kept in both, in another part',
          table(moved.map((one) => [`  ${one.before} → ${one.after}`, formatExact(one.documents)])),
        ]),
    '',
    table([
      ['', before, after, ''],
      ...figures
        .filter((one) => one.before !== one.after || always.test(one.name))
        .map((one) => [
          `  ${visibleLine(one.name, 60)}`,
          shown(one.unit, one.before),
          shown(one.unit, one.after),
          change(one),
        ]),
    ]),
    '',
    ...differences.map(exampleText).filter((text) => text !== ''),
  ].join('\n');

/** `octavo data diff A B`: what differs in the data of two runs. */
export const dataDiff = async ({ args, options, json, terminal, cwd }: Invocation): Promise<ExitCode> => {
  const { limit, exitCode } = parseOptions(Options, options);
  const [, one, other] = args;
  if (one === undefined || other === undefined)
    throw fail('USAGE', {
      what: 'two runs are to be named',
      where: 'octavo data diff',
      remedy: 'octavo data diff main other; `octavo status` shows a run',
    });
  const before = existingRun(cwd, one);
  const after = existingRun(cwd, other);
  for (const run of [before, after]) finishedArtifact(run, 'split');
  const spill = join(cacheFolderOf(findProjectFolder(cwd)), `diff-${process.pid}.spill`);
  const value = await diffData([artifactsOf(before), artifactsOf(after)], { examples: limit, spill });
  const sectionOf = (run: RunFolder) => readRunConfig(run).data;
  const settings = settingsApart(sectionOf(before), sectionOf(after), 'data');
  const names = [`runs/${before.name}`, `runs/${after.name}`] as const;
  terminal.out(
    json
      ? `${JSON.stringify({ settings, ...value }, null, 2)}\n`
      : `${paintFor(terminal)('bold', names.join(' → '))}\n${diffText(value, settings, names)}`,
  );
  return exitCode && !value.same ? 1 : 0;
};
