/** `npm run check`: types, style, the arrows between rooms, dead code. Each must be clean. */
import { fileURLToPath } from 'node:url';
import { ensure, main, quiet, seconds } from './ensure.mjs';

const node = (script, ...args) => [process.execPath, [`node_modules/${script}`, ...args]];

const checks = [
  { name: 'types', remedy: 'correct the lines above', run: node('typescript/bin/tsc', '-b') },
  {
    name: 'style',
    remedy: 'npx biome check --write',
    run: node('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=50'),
  },
  {
    name: 'arrows',
    remedy: 'docs/architecture.md lists which room may import which',
    run: node(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'packages/engine/src',
      'packages/octavo/src',
      'packages/create-octavo',
    ),
  },
  { name: 'dead code', remedy: 'delete what nothing uses', run: node('knip/bin/knip.js', '--no-progress') },
];

/** Runs all checks, says what each took, shows the words of those that fail; the names of the failed. */
export const check = async () => {
  const results = await Promise.all(
    checks.map(async ({ name, remedy, run: [command, args] }) => {
      const startedMs = performance.now();
      const { code, output } = await quiet(command, args, { env: { ...process.env, FORCE_COLOR: '0' } });
      return { name, remedy, code, output, time: seconds(startedMs) };
    }),
  );
  for (const { name, remedy, code, output, time } of results) {
    if (code !== 0) process.stderr.write(`\n${output.trim()}\n`);
    process.stderr.write(
      code === 0 ? `check ${name}: clean (${time})\n` : `check ${name}: FAILED (${time})\n  → ${remedy}\n\n`,
    );
  }
  return results.filter(({ code }) => code !== 0).map(({ name }) => name);
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(async () => {
    await ensure();
    return (await check()).length === 0 ? 0 : 1;
  });
