/** F1: every reader of ours, fed with changed samples. `node scripts/fuzz.mjs --count 1000000 --grow 2000` is the long form. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('no input does more to a reader than to be refused', () => {
  const script = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));
  const seed = process.env['OCTAVO_SEED'] ?? '1';
  const count = process.env['OCTAVO_FUZZ_COUNT'] ?? '200';
  const args = [script, `--count=${count}`, '--grow=4', `--seed=${seed}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  console.info(stdout);
  expect(status, stdout + stderr).toBe(0);
  expect(stdout.match(/ changed, /g)?.length).toBeGreaterThan(40);
});
