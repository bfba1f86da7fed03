import { z } from 'zod';
import { type Helped, helpRun } from '../pipeline/index.js';
import { findProjectFolder, parseRunName, runFolder } from '../project/index.js';
import type { Command, ExitCode, Invocation } from './command.js';
import { parseOptions } from './options.js';
import { existingRun, finishedArtifact } from './run-artifacts.js';
import { stoppable, workProgress } from './shared-work.js';

const Options = z.object({
  run: z.string().default('main'),
  wait: z.coerce.number().min(0).max(100_000).default(0),
});

export const workOptions: Command['options'] = [
  { form: '--wait <minutes>', says: 'with work: how long to wait for the run to come to work to share (0)' },
];

const howItEnded = ({ did, waitsFor }: Helped): string => {
  const shares = did.map(
    ({ step, own, shards, documents }) => `${step}: did ${own} of ${shards} shards, ${documents} documents\n`,
  );
  const next =
    waitsFor === undefined
      ? 'all is cleaned and encoded\n'
      : `${waitsFor} is for the run to do: octavo run; with --wait MINUTES this waits for it and helps on\n`;
  return `${shares.join('')}${next}`;
};

/** `octavo data work`: cleans and encodes beside a run, on this or other machines that see the project folder. */
export const dataWork = async (invocation: Invocation): Promise<ExitCode> => {
  const { options, json, terminal, cwd, clock } = invocation;
  const { run: name, wait } = parseOptions(Options, options);
  const projectFolder = findProjectFolder(cwd);
  const { tell, restart } = workProgress(invocation);
  const onWaiting = (step: string): void => {
    restart();
    if (!json) terminal.err(`waiting for the run to do ${step}\n`);
  };
  const outcome = await stoppable(
    invocation,
    (signal) => {
      const run = runFolder(projectFolder, parseRunName(name));
      return helpRun({ projectFolder, run, waitMs: wait * 60_000, clock, signal, onProgress: tell, onWaiting });
    },
    'leaving the shard to others',
  );
  if (outcome === undefined) return 130;
  const { value: helped } = outcome;
  // Says what to do where nothing was collected.
  if (helped.waitsFor === 'collect') finishedArtifact(existingRun(cwd, name), 'collect');
  if (json) terminal.out(`${JSON.stringify({ kind: 'work-done', ...helped })}\n`);
  else terminal.err(howItEnded(helped));
  return 0;
};
