import { execFile } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { OctavoError } from '../core/index.js';
import {
  type MachineFacts,
  measureMachine,
  memoryLimitBytes,
  type NativeParts,
  nativeParts,
} from '../pipeline/index.js';

/** All that `octavo doctor` looks at, before any judgement. */
export interface DoctorFacts {
  readonly octavo: string;
  readonly system: string;
  readonly cpu: string;
  readonly threads: number;
  /** Processors that the container may use, if it is limited. */
  readonly cpuLimit: number | undefined;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** What the container may use, if that is less than the machine has. */
  readonly memoryLimitBytes: number | undefined;
  readonly diskFreeBytes: number;
  readonly node: string;
  /** Versions of programs; undefined for those that are not installed. */
  readonly npm: string | undefined;
  readonly compiler: string | undefined;
  readonly make: string | undefined;
  readonly native:
    | { readonly kind: 'ready'; readonly parts: NativeParts; readonly measured: MachineFacts }
    | { readonly kind: 'absent'; readonly what: string; readonly remedy: string };
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** "max 100000" is no limit, "150000 100000" is one and a half processors. */
export const parseCpuMax = (text: string | undefined): number | undefined => {
  const [quota, period] = (text ?? '').split(' ').map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
};

const versionOf = async (program: string): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], {
      timeout: 10_000,
      shell: process.platform === 'win32',
    });
    return /\d+\.\d+(\.\d+)?/.exec(stdout.split('\n')[0] ?? '')?.[0];
  } catch {
    return undefined;
  }
};

const lookAtNative = async (isa: string | undefined): Promise<DoctorFacts['native']> => {
  try {
    return { kind: 'ready', parts: nativeParts(), measured: await measureMachine(isa === undefined ? {} : { isa }) };
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error;
    return { kind: 'absent', what: error.what, remedy: error.remedy ?? 'build it again with `npm run build`' };
  }
};

/** Looks at the machine and measures it; takes a few seconds. `folder` is where runs would be written. */
export const gatherDoctorFacts = async (octavo: string, folder: string): Promise<DoctorFacts> => {
  const [npm, compiler, make] = await Promise.all([
    versionOf('npm'),
    versionOf(process.env['CXX'] ?? 'g++'),
    versionOf('make'),
  ]);
  const disk = statfsSync(folder);
  const memoryBytes = totalmem();
  return {
    octavo,
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    cpuLimit: parseCpuMax(textOf('/sys/fs/cgroup/cpu.max')),
    memoryBytes,
    freeMemoryBytes: freemem(),
    memoryLimitBytes: memoryLimitBytes(),
    diskFreeBytes: disk.bavail * disk.bsize,
    node: process.versions.node,
    npm,
    compiler,
    make,
    native: await lookAtNative(process.env['OCTAVO_ISA']),
  };
};
