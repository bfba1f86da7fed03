/**
 * The kernels, the addon and the plan under the compiler's sanitizers: the engine's own tests run with an instrumented
 * addon, and none may have a word to say of it. Address and undefined behaviour once, races once.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const native = join(root, 'packages/engine/native');

/** Where the compiler keeps a sanitizer's library; the bare name where it has none. */
const library = (name: string): string =>
  execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
const missing =
  process.platform !== 'linux' || !['libasan.so', 'libtsan.so'].every((name) => library(name).includes('/'));
if (missing) console.warn('skipped: the sanitizers need Linux and the libasan and libtsan of g++');

interface Sanitizer {
  readonly sanitize: string;
  readonly folder: string;
  readonly preload: string;
  /** Options by variable, given where the reports go. */
  readonly options: (log: string) => Readonly<Record<string, string>>;
}

/** Runs the engine's tests on an addon that was built with a sanitizer. */
function underSanitizer({ sanitize, folder, preload, options }: Sanitizer) {
  const build = spawnSync('make', ['-C', native, '-j2', `SANITIZE=${sanitize}`, `BUILD=${folder}`], {
    encoding: 'utf8',
  });
  expect(build.status, build.stderr).toBe(0);
  const logs = mkdtempSync(join(tmpdir(), 'octavo-sanitizers-'));
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', 'packages/engine/src', '--exclude', '**/micro-kernel-spills.test.ts'],
      {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        env: {
          ...process.env,
          ...options(join(logs, 'report')),
          LD_PRELOAD: library(preload),
          OCTAVO_ENGINE_ADDON: join(native, folder, 'engine.node'),
          OCTAVO_TEST_RUNS: '2',
          NO_COLOR: '1',
        },
      },
    );
    const reports = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
    expect(status, stdout.slice(-8000) + stderr.slice(-8000)).toBe(0);
    return { reports, output: stdout + stderr };
  } finally {
    rmSync(logs, { recursive: true });
  }
}

describe.skipIf(missing)('under the sanitizers', () => {
  it('the engine’s tests are clean: addresses and undefined behaviour', () => {
    const { reports, output } = underSanitizer({
      sanitize: 'address,undefined',
      folder: 'build-asan',
      preload: 'libasan.so',
      options: (log) => ({
        ASAN_OPTIONS: `detect_leaks=0:log_path=${log}`,
        UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`,
      }),
    });
    expect(reports.map((report) => report.slice(0, 8000)).join('\n')).toBe('');
    expect(output).not.toMatch(/runtime error:|AddressSanitizer/);
  });
  it('the engine’s tests are clean: races', () => {
    const { reports } = underSanitizer({
      sanitize: 'thread',
      folder: 'build-tsan',
      preload: 'libtsan.so',
      // Node is not instrumented, so the sanitizer misreads how its threads agree: those reports do not fail the process.
      options: (log) => ({ TSAN_OPTIONS: `log_path=${log}:exitcode=0:history_size=4` }),
    });
    // A report is of the addon where any of its stacks passes through it, and there are none of those.
    const races = reports.flatMap((report) => report.split(/^={18}$/m)).filter((race) => race.includes('engine.node'));
    expect(races.map((race) => race.slice(0, 4000)).join('\n')).toBe('');
  });
});
