import { describe, expect, it } from 'vitest';
import { judge } from './doctor.js';
import { type DoctorFacts, parseCpuMax } from './doctor-facts.js';

const gibibyte = 2 ** 30;

const healthy: DoctorFacts = {
  octavo: '0.1.0',
  system: 'linux 6.1 x64',
  cpu: 'Some CPU',
  threads: 8,
  cpuLimit: undefined,
  memoryBytes: 16 * gibibyte,
  freeMemoryBytes: 8 * gibibyte,
  memoryLimitBytes: undefined,
  diskFreeBytes: 100 * gibibyte,
  node: '20.20.2',
  npm: '11.1.0',
  compiler: '12.2.0',
  make: '4.3',
  native: {
    kind: 'ready',
    parts: { isas: ['baseline', 'avx2', 'avx512'], forms: ['widened', 'dot'] },
    measured: {
      cpu: 'Some CPU',
      isa: 'avx512',
      threads: 8,
      form: 'dot',
      mixedPrecision: 'bfloat16',
      gflops: { float32: 100, mixed: 200 },
      peakGflops: { fma: 120, dot: 240, half: 0 },
      readGigabytesPerSecond: 20,
    },
  },
};
const absent = {
  kind: 'absent',
  what: 'the native engine is not built for linux-x64',
  remedy: 'npm run build',
} as const;
const using = (isa: string): DoctorFacts['native'] =>
  healthy.native.kind === 'ready' ? { ...healthy.native, measured: { ...healthy.native.measured, isa } } : absent;

describe('octavo doctor', () => {
  const table: readonly (readonly [name: string, facts: Partial<DoctorFacts>, findings: readonly string[]])[] = [
    ['a healthy machine', {}, []],
    ['an old Node', { node: '18.19.0' }, ['fault: Node 18.19.0 is too old']],
    ['a Node just too old', { node: '20.11.1' }, ['fault: Node 20.11.1 is too old']],
    ['a later Node', { node: '26.0.0' }, []],
    ['no native engine', { native: absent }, ['fault: the native engine is not built for linux-x64']],
    [
      'neither engine nor compiler',
      { native: absent, compiler: undefined, make: undefined },
      [
        'fault: the native engine is not built for linux-x64',
        'fault: g++ and make not found, and the native engine is not built',
      ],
    ],
    ['no compiler, but an engine', { compiler: undefined, make: undefined }, []],
    [
      'an old processor',
      { native: using('baseline') },
      ['advice: this processor has no AVX2: training will be several times slower than on one that has it'],
    ],
    [
      'portable code on arm64, where it is the only kind',
      {
        system: 'linux 6.1 arm64',
        native: { ...using('baseline'), parts: { isas: ['baseline'], forms: [] } } as DoctorFacts['native'],
      },
      [],
    ],
    ['a forced instruction set', { native: using('avx2') }, ['advice: avx2 is in use, but this machine runs avx512']],
    [
      'too little memory',
      { memoryBytes: gibibyte / 2 },
      ['fault: 512 MiB of memory is too little: the quickstart needs about 1 GiB'],
    ],
    [
      'a tight container',
      { memoryLimitBytes: gibibyte / 4 },
      ['fault: 256 MiB of memory is too little: the quickstart needs about 1 GiB'],
    ],
    ['memory in use', { freeMemoryBytes: gibibyte / 2 }, ['advice: only 512 MiB of memory is free']],
    ['a full disk', { diskFreeBytes: 1000 }, ['fault: only 1000 B of disk is free here']],
    ['a processor limit', { cpuLimit: 1.5 }, ['advice: the container may use 1.5 of 8 processors']],
  ];
  it.each(table)('finds what is wrong with %s', (_, facts, findings) => {
    const found = judge({ ...healthy, ...facts });
    expect(found.map(({ kind, what }) => `${kind}: ${what}`)).toEqual(findings);
    for (const { remedy } of found) expect(remedy).not.toBe('');
  });

  it('reads the processor limit of a control group', () => {
    expect([parseCpuMax('max 100000'), parseCpuMax('150000 100000'), parseCpuMax(undefined), parseCpuMax('')]).toEqual([
      undefined,
      1.5,
      undefined,
      undefined,
    ]);
  });
});
