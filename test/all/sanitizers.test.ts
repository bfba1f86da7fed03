/**
 * The kernels, the addon and the plan under AddressSanitizer and UndefinedBehaviourSanitizer: the engine's own tests run
 * with an instrumented addon, and neither may have a word to say.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const native = join(root, 'packages/engine/native');
const addon = join(native, 'build-asan/engine.node');

/** Where the compiler keeps its sanitizer's library; the bare name where it has none. */
const library = (): string => execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
const missing = process.platform !== 'linux' || !library().includes('/');
if (missing) console.warn('skipped: the sanitizers need Linux and the libasan of g++');

describe.skipIf(missing)('under the sanitizers', () => {
  it('the engine’s tests are clean', () => {
    const build = spawnSync('make', ['-C', native, '-j2', 'SANITIZE=address,undefined', 'BUILD=build-asan'], {
      encoding: 'utf8',
    });
    expect(build.status, build.stderr).toBe(0);
    const logs = mkdtempSync(join(tmpdir(), 'octavo-sanitizers-'));
    try {
      const run = spawnSync(
        process.execPath,
        ['node_modules/vitest/vitest.mjs', 'run', 'packages/engine/src', '--exclude', '**/micro-kernel-spills.test.ts'],
        {
          cwd: root,
          encoding: 'utf8',
          maxBuffer: 1 << 28,
          env: {
            ...process.env,
            LD_PRELOAD: library(),
            ASAN_OPTIONS: `detect_leaks=0:log_path=${join(logs, 'report')}`,
            UBSAN_OPTIONS: `print_stacktrace=1:log_path=${join(logs, 'report')}`,
            OCTAVO_ENGINE_ADDON: addon,
            OCTAVO_TEST_RUNS: '2',
            NO_COLOR: '1',
          },
        },
      );
      const reports = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8').slice(0, 8000));
      expect(reports.join('\n')).toBe('');
      expect(run.stdout + run.stderr).not.toMatch(/runtime error:|AddressSanitizer/);
      expect(run.status, run.stdout.slice(-8000) + run.stderr.slice(-8000)).toBe(0);
    } finally {
      rmSync(logs, { recursive: true });
    }
  });
});
