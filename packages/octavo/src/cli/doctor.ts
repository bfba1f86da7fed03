import { formatBytes } from '../core/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command } from './command.js';
import { type DoctorFacts, gatherDoctorFacts } from './doctor-facts.js';
import { paintFor, table } from './terminal.js';

/** Something that is wrong, or could be better, and what to do about it. */
export interface Finding {
  /** A fault keeps Octavo from working. */
  readonly kind: 'fault' | 'advice';
  readonly what: string;
  readonly remedy: string;
}

const gibibyte = 2 ** 30;

const compilerRemedy =
  'Debian, Ubuntu: apt-get install -y g++ make · Fedora: dnf install -y gcc-c++ make · Alpine: apk add g++ make · macOS: xcode-select --install';

/** What the facts mean for a user. */
export const judge = (facts: DoctorFacts): readonly Finding[] => {
  const findings: Finding[] = [];
  const fault = (what: string, remedy: string) => findings.push({ kind: 'fault', what, remedy });
  const advice = (what: string, remedy: string) => findings.push({ kind: 'advice', what, remedy });
  const [major = 0, minor = 0] = facts.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 12))
    fault(`Node ${facts.node} is too old`, 'install Node 20.12 or newer: https://nodejs.org');
  if (facts.native.kind === 'absent') {
    fault(facts.native.what, facts.native.remedy);
    const missing = [...(facts.compiler === undefined ? ['g++'] : []), ...(facts.make === undefined ? ['make'] : [])];
    if (missing.length > 0)
      fault(`${missing.join(' and ')} not found, and the native engine is not built`, compilerRemedy);
  } else if (facts.native.measured.isa === 'baseline' && facts.system.endsWith('x64')) {
    advice(
      'this processor has no AVX2: training will be several times slower than on one that has it',
      'use a machine built after 2013, or a smaller budget',
    );
  } else if (facts.native.measured.isa !== facts.native.parts.isas.at(-1)) {
    advice(
      `${facts.native.measured.isa} is in use, but this machine runs ${facts.native.parts.isas.at(-1)}`,
      'unset OCTAVO_ISA',
    );
  }
  const memory = facts.memoryLimitBytes ?? facts.memoryBytes;
  if (memory < gibibyte)
    fault(
      `${formatBytes(memory)} of memory is too little: the quickstart needs about 1 GiB`,
      'give the container or machine 2 GiB or more',
    );
  else if (facts.freeMemoryBytes < gibibyte && facts.memoryLimitBytes === undefined)
    advice(`only ${formatBytes(facts.freeMemoryBytes)} of memory is free`, 'close other programs before a long run');
  if (facts.diskFreeBytes < gibibyte)
    fault(
      `only ${formatBytes(facts.diskFreeBytes)} of disk is free here`,
      'free 1 GiB or more, or put the project on another disk',
    );
  if (facts.cpuLimit !== undefined && facts.cpuLimit < facts.threads)
    advice(
      `the container may use ${facts.cpuLimit} of ${facts.threads} processors`,
      `raise its limit; threads beyond it only wait for each other`,
    );
  return findings;
};

const rate = (value: number): string => (value === 0 ? 'none' : value.toFixed(0));

const rows = (facts: DoctorFacts): readonly (readonly string[])[] => {
  const { native } = facts;
  const version = (value: string | undefined) => value ?? 'not found';
  const limit =
    facts.memoryLimitBytes === undefined ? '' : `, ${formatBytes(facts.memoryLimitBytes)} of it allowed here`;
  return [
    ['octavo', facts.octavo],
    ['system', facts.system],
    ['processor', `${facts.cpu}, ${facts.threads} threads`],
    ['memory', `${formatBytes(facts.memoryBytes)}, ${formatBytes(facts.freeMemoryBytes)} free${limit}`],
    ['disk', `${formatBytes(facts.diskFreeBytes)} free`],
    [
      'programs',
      `node ${facts.node} · npm ${version(facts.npm)} · g++ ${version(facts.compiler)} · make ${version(facts.make)}`,
    ],
    ...(native.kind === 'absent'
      ? [['native engine', 'not built']]
      : [
          ['native engine', `built for ${native.parts.isas.join(', ')}; ${native.measured.isa} in use`],
          [
            'matrix product',
            `${rate(native.measured.gflops.float32)} GFLOP/s in float32, ${rate(native.measured.gflops.mixed)} mixed (${native.measured.form})`,
          ],
          [
            'peak',
            `${rate(native.measured.peakGflops.fma)} GFLOP/s float32, ${rate(native.measured.peakGflops.dot)} bf16, ${rate(native.measured.peakGflops.half)} fp16`,
          ],
          ['memory reads', `${native.measured.readGigabytesPerSecond.toFixed(1)} GB/s`],
        ]),
  ];
};

export const doctor: Command = {
  options: [],
  examples: ['octavo doctor', 'octavo doctor --json'],
  run: async ({ json, terminal, cwd, version }) => {
    const facts = await gatherDoctorFacts(version, findProjectFolder(cwd));
    const findings = judge(facts);
    const paint = paintFor(terminal);
    if (json) terminal.out(`${JSON.stringify({ ...facts, findings }, null, 2)}\n`);
    else {
      terminal.out(`${table(rows(facts))}\n\n`);
      for (const { kind, what, remedy } of findings)
        terminal.out(`${kind === 'fault' ? paint('red', '✗') : paint('yellow', '!')} ${what}\n  → ${remedy}\n`);
      if (findings.length === 0) terminal.out(`${paint('green', '✓')} nothing is wrong\n`);
    }
    return findings.some(({ kind }) => kind === 'fault') ? 1 : 0;
  },
};
