/**
 * `npm test`: every check, then every test below five minutes. `npm run test:all`: also the long ones of test/all.
 * Other arguments go to vitest: `npm test -- packages/octavo/src/text`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.mjs';
import { ensure, loud, main } from './ensure.mjs';

const report = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Runs vitest; a file that could not even be loaded counts as one failed test. */
const vitest = async (args) => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-test-'));
  const file = join(folder, 'report.json');
  const code = await loud(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...args,
  ]);
  const result = report(file);
  rmSync(folder, { recursive: true, force: true });
  if (result === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = result.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const failed = result.numFailedTests + unloaded;
  return {
    passed: result.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: result.numPendingTests,
  };
};

await main(async () => {
  const all = process.argv.includes('--all');
  const chosen = process.argv.slice(2).filter((argument) => argument !== '--all');
  await ensure();
  const unclean = chosen.length === 0 ? await check() : [];
  const runs = [await vitest(chosen)];
  if (all) runs.push(await vitest(['--config', 'vitest.all.config.ts', ...chosen]));
  const sum = (name) => runs.reduce((total, run) => total + run[name], 0);
  if (unclean.length > 0) process.stdout.write(`\nchecks that failed: ${unclean.join(', ')} (see above)\n`);
  if (sum('skipped') > 0) process.stdout.write(`\n${sum('skipped')} skipped, each for a reason it printed\n`);
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed\n`);
  return sum('failed') === 0 && sum('passed') > 0 && unclean.length === 0 ? 0 : 1;
});
