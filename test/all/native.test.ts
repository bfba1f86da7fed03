/** The C++ tests of vectors, products and integer products, built and run on every level that this machine has. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const native = join(fileURLToPath(new URL('../../', import.meta.url)), 'packages/engine/native');

it('the tests of native/simd and native/gemm pass', () => {
  const { status, stdout, stderr } = spawnSync('make', ['-C', native, '-j2', 'test-gemm'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(status, stdout.slice(-4000) + stderr.slice(-4000)).toBe(0);
});
