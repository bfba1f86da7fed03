// What the plan of a training step says before it runs is what the process takes for it, pages counted by the kernel of the system.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../../bench/memory.mjs', import.meta.url));
const still = ['--expose-gc', '--max-semi-space-size=1', '--single-threaded-gc'];
const countsPages = existsSync('/proc/self/status');
if (!countsPages) console.warn('skipped: planned against measured memory, for this system has no /proc/self/status');

/** Planned and measured bytes of a step, in a process of its own. */
function measure(size: string, precision: string): { readonly planned: number; readonly measured: number } {
  const args = [...still, bench, '--child', 'plan', '--size', size, '--precision', precision, '--steps', '2'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

it.runIf(countsPages).each([
  ['large', 'mixed'],
  ['bert', 'mixed'],
])('a step of %s in %s takes what was planned within a fiftieth', (size, precision) => {
  const { planned, measured } = measure(size, precision);
  console.info(`${size}, ${precision}: planned ${planned}, measured ${measured}, ${measured / planned}`);
  expect(planned).toBeGreaterThan(5e8);
  expect(Math.abs(measured / planned - 1)).toBeLessThan(0.02);
});
