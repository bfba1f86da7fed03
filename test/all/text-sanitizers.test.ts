import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const native = fileURLToPath(new URL('../../packages/octavo/native/', import.meta.url));
const run = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });

const library = (name: string) => run('g++', [`-print-file-name=${name}`]).stdout?.trim() ?? '';
const libraries = [library('libasan.so'), library('libubsan.so')];
const possible = process.platform === 'linux' && libraries.every((path) => path.startsWith('/'));
if (!possible) console.warn('skipped: the sanitizers of g++ (libasan, libubsan) are not installed');

describe('the tokenizer core', () => {
  it.skipIf(!possible)('runs clean under the address and undefined-behaviour sanitizers', () => {
    const built = run('make', ['-C', native, 'SANITIZE=address,undefined']);
    expect(built.stderr + built.stdout).not.toMatch(/error:/);
    const { status, stdout, stderr } = run(
      process.execPath,
      [`${native}text/exercise.mjs`, `${native}build/sanitize/text.node`],
      { LD_PRELOAD: libraries.join(' '), ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'halt_on_error=1' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('every function answered as it should');
  });
});
