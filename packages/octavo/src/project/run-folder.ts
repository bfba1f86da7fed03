import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail, type StepName, visibleLine } from '../core/index.js';
import { limits } from './limits.js';

export type RunName = string & { readonly brand: 'RunName' };

const deviceName = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** A name that is one plain folder on every system. Errors: PATH_NOT_ALLOWED. */
export const parseRunName = (text: string): RunName => {
  const plain = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text) && !text.endsWith('.') && !deviceName.test(text);
  if (!plain || text.length > limits.runNameLength)
    throw fail('PATH_NOT_ALLOWED', {
      what: `"${visibleLine(text)}" cannot name a run`,
      where: '--run',
      remedy: `use up to ${limits.runNameLength} letters, digits, dots, dashes and underscores, beginning with a letter or digit, for example wide-2`,
    });
  return text as RunName;
};

/** Where everything of one run lies. */
export interface RunFolder {
  readonly name: RunName;
  readonly folder: string;
  /** The resolved configuration of the last start. */
  readonly config: string;
  readonly events: string;
  readonly lock: string;
  readonly artifact: (step: StepName) => string;
  readonly state: (step: StepName) => string;
}

export const runFolder = (projectFolder: string, name: RunName): RunFolder => {
  const folder = join(projectFolder, 'runs', name);
  return {
    name,
    folder,
    config: join(folder, 'config.yaml'),
    events: join(folder, 'events.jsonl'),
    lock: join(folder, 'lock'),
    artifact: (step) => join(folder, 'artifacts', step),
    state: (step) => join(folder, 'steps', `${step}.json`),
  };
};

/** Makes the folder; a link in the way could lead writes out of the project. Errors: PATH_NOT_ALLOWED. */
export const openRunFolder = (projectFolder: string, name: RunName): RunFolder => {
  const run = runFolder(projectFolder, name);
  for (const folder of [
    dirname(run.folder),
    run.folder,
    join(run.folder, 'artifacts'),
    join(run.folder, 'steps'),
    run.lock,
  ]) {
    mkdirSync(folder, { recursive: true });
    if (!lstatSync(folder).isDirectory())
      throw fail('PATH_NOT_ALLOWED', {
        what: 'a link or a file stands where a folder of the run belongs',
        where: folder,
        remedy: 'remove it; to keep runs on another disk, put the whole project there',
      });
  }
  return run;
};

/** The names of the runs of a project, in order. */
export const listRuns = (projectFolder: string): readonly RunName[] => {
  const folder = join(projectFolder, 'runs');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'events.jsonl')))
    .toSorted()
    .map(parseRunName);
};

/** The nearest folder upwards that holds octavo.yaml; `from` itself when there is none. */
export const findProjectFolder = (from: string): string => {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'octavo.yaml'))) return folder;
    if (dirname(folder) === folder) return resolve(from);
  }
};
