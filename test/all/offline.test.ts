/** S16: the data step over files of this machine asks the network for nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const can = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0;
const hasNamespaces = can('unshare', '-Urn', 'true');
const hasTrace = can('strace', '-o', '/dev/null', 'true');
if (!hasNamespaces) console.warn('skipped: a machine without a network, because unshare may not make one here');
if (!hasTrace) console.warn('skipped: connections counted, because there is no strace (apt-get install strace)');

let project = '';
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'octavo-offline-'));
  const row = (n: number, m: number) =>
    `On day ${n * m} of the year ${1700 + n} the ${['harbour', 'bridge', 'market', 'orchard'][(n + m) % 4]} was painted by ${m + 2} people, and letter ${n + m} says so.`;
  const text = (n: number) => Array.from({ length: 20 }, (_, m) => row(n, m)).join('\n');
  for (let n = 0; n < 60; n++) writeFileSync(join(project, `${n}.txt`), text(n));
  writeFileSync(join(project, 'rows.jsonl'), [71, 72, 73].map((n) => JSON.stringify({ text: text(n) })).join('\n'));
  writeFileSync(join(project, 'page.html'), `<title>Page</title><p>${text(80)}</p>`);
  writeFileSync(
    join(project, 'octavo.yaml'),
    "data:\n  sources: ['*.txt', rows.jsonl, page.html]\n  chat: { families: [addition] }\n  clean: { pii: true, c4: true, fineweb: { maxShortLines: 1 }, languages: [en] }\ntokenizer: { vocabularySize: 512 }\nplan: { budget: 1m }\n",
  );
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

it.skipIf(!hasNamespaces)('runs where there is no network at all', () => {
  const args = ['-Urn', process.execPath, octavo, 'data', '--run', 'alone'];
  const { status, stderr } = spawnSync('unshare', args, { cwd: project, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});

it.skipIf(!hasTrace)('connects to nothing', () => {
  const trace = join(project, 'trace');
  const args = ['-f', '-e', 'trace=connect,sendto', '-o', trace, process.execPath, octavo, 'data', '--run', 'traced'];
  const { status, stderr } = spawnSync('strace', args, { cwd: project, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const said = readFileSync(trace, 'utf8');
  expect(said).toMatch(/exited with 0/);
  expect(said.split('\n').filter((line) => line.includes('AF_INET'))).toEqual([]);
});
