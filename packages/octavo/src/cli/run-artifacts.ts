import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type StepName } from '../core/index.js';
import {
  findProjectFolder,
  listRuns,
  parseRunName,
  type RunFolder,
  readStepState,
  runFolder,
} from '../project/index.js';

/** The folder of a run that has begun. Errors: RUN_ABSENT, PATH_NOT_ALLOWED. */
export const existingRun = (cwd: string, name: string): RunFolder => {
  const projectFolder = findProjectFolder(cwd);
  const run = runFolder(projectFolder, parseRunName(name));
  if (existsSync(run.events)) return run;
  const others = listRuns(projectFolder);
  throw fail('RUN_ABSENT', {
    what: 'this run has not begun',
    where: `runs/${run.name}`,
    remedy:
      others.length === 0
        ? 'begin with `octavo run`'
        : `begin with \`octavo run\`, or name one that is there: ${others.join(', ')}`,
  });
};

/** The folder of a step that this run has finished. Errors: RUN_ABSENT. */
export const finishedArtifact = (run: RunFolder, step: StepName): string => {
  if (readStepState(run.state(step))?.kind === 'done') return run.artifact(step);
  throw fail('RUN_ABSENT', {
    what: `step ${step} of this run is not finished`,
    where: `runs/${run.name}`,
    remedy: `run it: octavo run --until ${step}${run.name === 'main' ? '' : ` --run ${run.name}`}`,
  });
};

/** The folder that holds the artifacts of every step. */
export const artifactsOf = (run: RunFolder): string => join(run.folder, 'artifacts');
