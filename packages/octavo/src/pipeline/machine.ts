import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { loadAddon, type MachineFacts, measureMachine } from '@octavo/engine';
import type { Machine } from '../hardware/index.js';
import { machineFacts } from '../training/index.js';

export { type MachineFacts, measureMachine };

/** What the native engine was built with and this machine can run. */
export interface NativeParts {
  /** Instruction sets, worst first. */
  readonly isas: readonly string[];
  /** Forms of mixed precision. */
  readonly forms: readonly string[];
}

/** Loads the native engine. Errors: NATIVE_MISSING. */
export const nativeParts = (): NativeParts => {
  const { isas, forms } = loadAddon();
  return { isas, forms };
};

/** The memory limit of a control group, if it is one: version 1 writes a huge number for none, version 2 "max". */
export const parseMemoryLimit = (text: string | undefined, totalBytes: number): number | undefined => {
  const bytes = Number(text);
  return Number.isFinite(bytes) && bytes > 0 && bytes < totalBytes ? bytes : undefined;
};

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** What the container may use, if that is less than the machine has. */
export const memoryLimitBytes = (): number | undefined =>
  parseMemoryLimit(
    textOf('/sys/fs/cgroup/memory.max') ?? textOf('/sys/fs/cgroup/memory/memory.limit_in_bytes'),
    totalmem(),
  );

/** This machine as planning and sizing see it: measured at the first call, remembered in the cache. */
export const measuredMachine = async (cacheFolder: string): Promise<Machine> => {
  const facts = await machineFacts(cacheFolder, process.env['OCTAVO_ISA']);
  return {
    cores: facts.threads,
    memoryBytes: memoryLimitBytes() ?? totalmem(),
    gflops: facts.gflops,
    gigabytesPerSecond: facts.readGigabytesPerSecond,
    isa: facts.isa,
    mixedForm: facts.form,
  };
};
