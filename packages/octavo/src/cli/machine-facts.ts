import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/** The machine as the event log knows it: what explains a run's speed later. */
export const machineFacts = (): Readonly<Record<string, unknown>> => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  threads: availableParallelism(),
  memoryBytes: totalmem(),
  platform: `${platform()} ${release()} ${arch()}`,
  node: process.version,
});
