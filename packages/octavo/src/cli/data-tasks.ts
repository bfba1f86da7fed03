import type { Command, ExitCode, Invocation } from './command.js';
import { dataColumns } from './data-columns.js';
import { dataDiff } from './data-diff.js';
import { dataKubernetes, kubernetesOptions } from './data-kubernetes.js';
import { dataSlurm, slurmOptions } from './data-slurm.js';
import { dataWork, workOptions } from './data-work.js';

/** What `octavo data` does besides showing one run: compare two, its share of the work, the jobs of clusters. */
export const dataTasks: Readonly<Record<string, (invocation: Invocation) => Promise<ExitCode>>> = {
  columns: dataColumns,
  diff: dataDiff,
  work: dataWork,
  slurm: dataSlurm,
  kubernetes: dataKubernetes,
};

export const taskOptions: Command['options'] = [...workOptions, ...slurmOptions, ...kubernetesOptions];
