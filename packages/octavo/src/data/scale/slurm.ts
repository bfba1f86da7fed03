export interface SlurmJobs {
  readonly workers: number;
  readonly partition?: string | undefined;
  readonly time: string;
  readonly memory: string;
  readonly run: string;
  readonly projectFolder: string;
  /** How Octavo is called: the program and its first arguments. */
  readonly program: readonly string[];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * A shell script that submits three jobs and prints their numbers: collect, an array of workers once it is done, and the
 * steps up to tokenize once all workers have ended, however they did: what they left undone is done there.
 */
export function slurmScript({ workers, partition, time, memory, run, projectFolder, program }: SlurmJobs): string {
  const call = (...args: readonly string[]) => [...program, ...args, '--run', run].map(quoted).join(' ');
  const wrapped = (command: string) => quoted(`exec ${command}`);
  return `#!/bin/sh
# Written by octavo data slurm. Every node must see ${projectFolder.replaceAll(/[\n\r]/g, ' ')}.
set -eu
cd ${quoted(projectFolder)}
mkdir -p octavo-slurm
# A job that a node loses is put back; SIGTERM comes 60 s before the limit, so that it ends in order.
submit() { sbatch --parsable --requeue --open-mode=append --signal=TERM@60 --time=${time} --mem=${memory} --ntasks=1 ${partition === undefined ? '' : `--partition=${partition} `}"$@"; }
collect=$(submit --job-name=octavo-collect --output=octavo-slurm/collect-%j.log --wrap=${wrapped(call('run', '--until', 'collect', '--set', 'data.workers=1'))})
work=$(submit --job-name=octavo-work --output=octavo-slurm/work-%A-%a.log --array=1-${workers} --dependency="afterok:$collect" --kill-on-invalid-dep=yes --wrap=${wrapped(call('data', 'work'))})
finish=$(submit --job-name=octavo-finish --output=octavo-slurm/finish-%j.log --dependency="afterok:$collect,afterany:$work" --kill-on-invalid-dep=yes --wrap=${wrapped(call('run', '--until', 'tokenize', '--set', 'data.workers=1'))})
echo "$collect $work $finish"
`;
}
