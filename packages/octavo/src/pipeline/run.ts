import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Clock, maskSecrets, OctavoError, type RunEvent, type StepName, writeFileAtomic } from '../core/index.js';
import {
  acquireLock,
  EventLog,
  openRunFolder,
  type RunFolder,
  type RunName,
  readConfig,
  readConfigFile,
} from '../project/index.js';
import { type Config, configSchema } from './config.js';
import { graph } from './graph.js';
import { afterStep } from './report/data-files.js';
import { type GraphOutcome, runGraph } from './run-graph.js';

export interface PipelineRun {
  readonly projectFolder: string;
  readonly runName: RunName;
  /** Texts such as `model.depth=6`, laid over octavo.yaml. */
  readonly sets: readonly string[];
  readonly until?: StepName | undefined;
  readonly from?: StepName | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Octavo's own version, for the log. */
  readonly version: string;
  /** The machine, as the log shall know it. */
  readonly machine: Readonly<Record<string, unknown>>;
  /** Hears every event once it is in the log. */
  readonly onEvent: (event: RunEvent) => void;
}

/** octavo.yaml of a project, `--set` fields laid over it. Errors: CONFIG_UNREADABLE, CONFIG_INVALID, USAGE. */
export const readProject = (projectFolder: string, sets: readonly string[]): Config =>
  readConfig(configSchema, readConfigFile(join(projectFolder, 'octavo.yaml'), 'octavo.yaml'), sets);

/** What a run was made with. Errors: CONFIG_UNREADABLE, CONFIG_INVALID. */
export const readRunConfig = (run: RunFolder): Config =>
  readConfig(configSchema, readConfigFile(run.config, 'config.yaml'), []);

/** Downloads and measurements that the runs of a project share. */
export const cacheFolderOf = (projectFolder: string): string => join(projectFolder, '.octavo', 'cache');

const finish = async (options: PipelineRun, config: Config, run: RunFolder): Promise<GraphOutcome> => {
  using log = new EventLog(run.events, options.clock, options.onEvent);
  const startedMs = options.clock.now();
  const ended = (outcome: 'done' | 'failed' | 'interrupted') =>
    log.emit({ kind: 'run-finished', outcome, elapsedMs: options.clock.now() - startedMs });
  log.emit({ kind: 'run-started', run: run.name, version: options.version, machine: options.machine });
  try {
    const result = await runGraph({
      ...options,
      nodes: graph,
      config,
      run,
      cacheFolder: cacheFolderOf(options.projectFolder),
      emit: log.emit,
      after: ({ name, kind }) => afterStep({ run, config, clock: options.clock, emit: log.emit }, name, kind),
    });
    ended(result.kind);
    return result;
  } catch (error) {
    // A full disk fails here once more; the first failure is the one to tell.
    if (!(error instanceof OctavoError && error.code === 'FILE_NOT_WRITTEN')) ended('failed');
    throw error;
  }
};

/**
 * Runs a project's steps into `runs/<name>/`, one process at a time.
 * Errors: those of the configuration, RUN_LOCKED, PATH_NOT_ALLOWED, and whatever a step throws.
 */
export const runPipeline = async (options: PipelineRun): Promise<GraphOutcome> => {
  const config = readProject(options.projectFolder, options.sets);
  const run = openRunFolder(options.projectFolder, options.runName);
  const lock = acquireLock(run.lock, `runs/${run.name}`);
  try {
    writeFileAtomic(run.config, maskSecrets(stringify(config)));
    return await finish(options, config, run);
  } finally {
    lock.release();
  }
};
