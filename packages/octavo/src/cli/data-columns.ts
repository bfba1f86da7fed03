import { join } from 'node:path';
import { z } from 'zod';
import { formatDuration, visibleLine } from '../core/index.js';
import { writeColumns } from '../data/index.js';
import { cacheFolderOf, readProject } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { ExitCode, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { existingRun, finishedArtifact } from './run-artifacts.js';
import { table } from './terminal.js';

const Options = z.object({ run: z.string().default('main'), set: z.array(z.string()).default([]) });

/** `octavo data columns`: words, stems, lemmas, parts of speech and vectors of a run's cleaned documents. */
export const dataColumns = async ({
  options,
  json,
  terminal,
  cwd,
  clock,
  interruptible,
}: Invocation): Promise<ExitCode> => {
  const { run: name, set } = parseOptions(Options, options);
  const projectFolder = findProjectFolder(cwd);
  const run = existingRun(cwd, name);
  const place = {
    section: readProject(projectFolder, set).data.columns,
    cacheFolder: cacheFolderOf(projectFolder),
    from: finishedArtifact(run, 'clean'),
    folder: join(run.folder, 'columns'),
  };
  const startedMs = clock.now();
  let toldMs = startedMs;
  const onProgress = (done: number, total: number): void => {
    const nowMs = clock.now();
    if (nowMs - toldMs < 2000) return;
    toldMs = nowMs;
    if (json) terminal.out(`${JSON.stringify({ kind: 'progress', done, total, unit: 'documents' })}\n`);
    else terminal.err(`columns: ${((100 * done) / total).toFixed(0)} % in ${formatDuration(nowMs - startedMs)}\n`);
  };
  const outcome = await interruptible(async (signal) => {
    try {
      return { summary: await writeColumns({ ...place, signal }, onProgress) };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }, 'what is done stays; the same command goes on');
  if (outcome === undefined) return 130;
  const { summary } = outcome;
  if (json) terminal.out(`${JSON.stringify({ kind: 'columns', folder: place.folder, ...summary })}\n`);
  else if (summary === undefined) terminal.out('another process writes the table\n');
  else {
    const exact = (count: number): string => count.toLocaleString('en-US');
    const languages = Object.entries(summary.languages).toSorted(([, a], [, b]) => b - a);
    terminal.out(
      `${exact(summary.words)} words in ${exact(summary.documents)} documents\n${table(
        languages.map(([language, documents]) => [`  ${language === '' ? 'unknown' : language}`, exact(documents)]),
      )}\n${summary.vectors === undefined ? '' : `${exact(summary.vectors)} words have a vector\n`}${visibleLine(place.folder, 400)}\n`,
    );
  }
  return 0;
};
