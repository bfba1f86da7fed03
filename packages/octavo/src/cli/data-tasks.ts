import type { Command, ExitCode, Invocation } from './command.js';
import { dataSlurm, slurmOptions } from './data-slurm.js';
import { dataWork } from './data-work.js';

/** What `octavo data` does besides showing: its share of the work, and the jobs of clusters. */
export const dataTasks: Readonly<Record<string, (invocation: Invocation) => Promise<ExitCode>>> = {
  work: dataWork,
  slurm: dataSlurm,
};

export const taskOptions: Command['options'] = slurmOptions;
