import { join } from 'node:path';
import { z } from 'zod';
import { formatExact, visibleLine } from '../core/index.js';
import { writeColumns } from '../data/index.js';
import { cacheFolderOf, readProject } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { ExitCode, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { existingRun, finishedArtifact } from './run-artifacts.js';
import { stoppable, workProgress } from './shared-work.js';
import { table } from './terminal.js';

const Options = z.object({ run: z.string().default('main'), set: z.array(z.string()).default([]) });

/** `octavo data columns`: words, stems, lemmas, parts of speech and vectors of a run's cleaned documents. */
export const dataColumns = async (invocation: Invocation): Promise<ExitCode> => {
  const { options, json, terminal, cwd } = invocation;
  const { run: name, set } = parseOptions(Options, options);
  const projectFolder = findProjectFolder(cwd);
  const run = existingRun(cwd, name);
  const place = {
    section: readProject(projectFolder, set).data.columns,
    cacheFolder: cacheFolderOf(projectFolder),
    from: finishedArtifact(run, 'clean'),
    folder: join(run.folder, 'columns'),
  };
  const { tell } = workProgress(invocation);
  const outcome = await stoppable(
    invocation,
    (signal) => writeColumns({ ...place, signal }, (done, total) => tell('columns', done, total)),
    'what is done stays; the same command goes on',
  );
  if (outcome === undefined) return 130;
  const { value: summary } = outcome;
  if (json) terminal.out(`${JSON.stringify({ kind: 'columns', folder: place.folder, ...summary })}\n`);
  else if (summary === undefined) terminal.out('another process writes the table\n');
  else {
    const languages = Object.entries(summary.languages).toSorted(([, a], [, b]) => b - a);
    terminal.out(
      `${formatExact(summary.words)} words in ${formatExact(summary.documents)} documents\n${table(
        languages.map(([language, documents]) => [
          `  ${language === '' ? 'unknown' : language}`,
          formatExact(documents),
        ]),
      )}\n${summary.vectors === undefined ? '' : `${formatExact(summary.vectors)} words have a vector\n`}${visibleLine(place.folder, 400)}\n`,
    );
  }
  return 0;
};
