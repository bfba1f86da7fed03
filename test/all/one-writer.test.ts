import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'octavo-writers-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const start = (): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [octavo, 'run', '--until', 'collect'], {
      cwd: project,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said += String(text);
    });
    child.once('close', (code) => resolve({ code, said }));
  });

it('of 100 simultaneous starts of one run exactly one writes, and the others exit 2 and say who it is', async () => {
  // Enough text that the winner is still at work when the last of the others comes.
  mkdirSync(join(project, 'texts'));
  const sentence = (file: number, line: number) =>
    `Line ${line} of file ${file} says ${(line * 7919 + file * 104_729) % 99_991}.`;
  for (let file = 0; file < 400; file += 1)
    writeFileSync(
      join(project, 'texts', `${file}.txt`),
      Array.from({ length: 20_000 }, (_, line) => sentence(file, line)).join('\n'),
    );
  writeFileSync(join(project, 'octavo.yaml'), 'data:\n  sources: [texts]\n');
  const ended = await Promise.all(Array.from({ length: 100 }, start));
  expect(ended.filter(({ code }) => code === 0)).toHaveLength(1);
  const others = ended.filter(({ code }) => code !== 0);
  expect(others.every(({ code }) => code === 2)).toBe(true);
  expect(new Set(others.map(({ said }) => said.split('\n')[0]?.replace(/\d+/, 'N'))).size).toBe(1);
  expect(others[0]?.said).toMatch(/^error runs\/main: process \d+ on .* is writing to this run \[RUN_LOCKED\]/);
});
