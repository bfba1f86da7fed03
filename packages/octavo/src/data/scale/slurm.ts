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
 * A shell script that submits five jobs and prints their numbers: collect, an array of workers that clean, the steps up to
 * tokenizer, an array of workers that encode, and the rest. After an array the run goes on however its workers ended: what
 * they left undone is done there.
 */
export function slurmScript({ workers, partition, time, memory, run, projectFolder, program }: SlurmJobs): string {
  const call = (...args: readonly string[]) => [...program, ...args, '--run', run].map(quoted).join(' ');
  const wrapped = (command: string) => quoted(`exec ${command}`);
  const until = (step: string) => call('run', '--until', step, '--set', 'data.workers=1');
  const job = (name: string) => `--job-name=octavo-${name} --output=octavo-slurm/${name}-%j.log`;
  const array = (name: string) =>
    `--job-name=octavo-${name} --output=octavo-slurm/${name}-%A-%a.log --array=1-${workers}`;
  return `#!/bin/sh
# Written by octavo data slurm. Every node must see ${projectFolder.replaceAll(/[\n\r]/g, ' ')}.
set -eu
cd ${quoted(projectFolder)}
mkdir -p octavo-slurm
# A job that a node loses is put back; SIGTERM comes 60 s before the limit, so that it ends in order.
submit() { sbatch --parsable --requeue --open-mode=append --signal=TERM@60 --time=${time} --mem=${memory} --ntasks=1 ${partition === undefined ? '' : `--partition=${partition} `}"$@"; }
collect=$(submit ${job('collect')} --wrap=${wrapped(until('collect'))})
clean=$(submit ${array('clean')} --dependency="afterok:$collect" --kill-on-invalid-dep=yes --wrap=${wrapped(call('data', 'work'))})
middle=$(submit ${job('tokenizer')} --dependency="afterok:$collect,afterany:$clean" --kill-on-invalid-dep=yes --wrap=${wrapped(until('tokenizer'))})
encode=$(submit ${array('tokenize')} --dependency="afterok:$middle" --kill-on-invalid-dep=yes --wrap=${wrapped(call('data', 'work'))})
finish=$(submit ${job('finish')} --dependency="afterok:$middle,afterany:$encode" --kill-on-invalid-dep=yes --wrap=${wrapped(until('tokenize'))})
echo "$collect $clean $middle $encode $finish"
`;
}
