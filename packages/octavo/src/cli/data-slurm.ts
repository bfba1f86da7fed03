import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, writeFileAtomic } from '../core/index.js';
import { slurmScript } from '../data/index.js';
import { findProjectFolder, parseRunName } from '../project/index.js';
import type { Command, ExitCode, Invocation } from './command.js';
import { parseOptions } from './options.js';

const word = /^[A-Za-z0-9_.,:@-]+$/;
const Options = z.object({
  run: z.string().default('main'),
  workers: z.coerce.number().int().min(1).max(10_000).default(4),
  partition: z.string().regex(word).optional(),
  time: z.string().regex(word).default('04:00:00'),
  memory: z
    .string()
    .regex(/^\d+[KMG]?$/)
    .default('4G'),
  out: z.string().min(1).default('octavo-slurm.sh'),
  submit: z.boolean().default(false),
});

export const slurmOptions: Command['options'] = [
  { form: '--workers <count>', says: 'with slurm and kubernetes: processes that share the work (4)' },
  { form: '--partition <name>', says: 'with slurm: where the jobs run' },
  { form: '--time <limit>', says: 'with slurm: limit of each job (04:00:00)' },
  { form: '--memory <size>', says: 'with slurm: memory of each job (4G)' },
  { form: '--out <file>', says: 'with slurm: the script written (octavo-slurm.sh)' },
  { form: '--submit', says: 'with slurm: run the script, which submits the jobs' },
];

/** `octavo data slurm`: a script that submits collect, an array of workers, and the rest of the data steps. */
export const dataSlurm = async ({ options, json, terminal, cwd }: Invocation): Promise<ExitCode> => {
  const { run, out, submit, ...asked } = parseOptions(Options, options);
  const projectFolder = findProjectFolder(cwd);
  const path = join(projectFolder, out);
  const program = [process.execPath, process.argv[1] ?? 'octavo'];
  writeFileAtomic(path, slurmScript({ ...asked, run: parseRunName(run), projectFolder, program }), { mode: 0o777 });
  let jobs: readonly string[] = [];
  if (submit) {
    try {
      jobs = execFileSync('sh', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
        .trim()
        .split(/\s+/);
    } catch (cause) {
      throw fail('USAGE', {
        what: 'sbatch did not take the jobs',
        where: path,
        remedy: 'run the script by hand to see why; is this a machine from which Slurm jobs are sent?',
        cause,
      });
    }
  }
  if (json) terminal.out(`${JSON.stringify({ path, jobs })}\n`);
  else if (submit) terminal.out(`submitted jobs ${jobs.join(', ')}; squeue shows them, logs lie in octavo-slurm/\n`);
  else terminal.out(`wrote ${out}; look at it, then: sh ${out}\n`);
  return 0;
};
