import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'octavo-verify-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Sentences that a small model can learn something from. */
const story = (chapter: number): string => {
  const who = ['the keeper', 'a sailor', 'the old cook', 'my sister', 'a clerk', 'the child'];
  const does = ['watched', 'painted', 'carried', 'forgot', 'mended', 'counted'];
  const what = ['the lamps', 'a small boat', 'three apples', 'the morning papers', 'an empty jar', 'the harbour wall'];
  return Array.from({ length: 200 }, (_, line) => {
    const pick = (list: readonly string[], step: number) => list[(chapter * 7 + line * step) % list.length] ?? '';
    return `In chapter ${chapter}, ${pick(who, 5)} ${pick(does, 7)} ${pick(what, 11)} before ${(line * 13 + chapter) % 24} o'clock.`;
  }).join('\n');
};

it('a training that is killed 20 times ends with the checkpoint of one left alone', () => {
  for (let chapter = 0; chapter < 40; chapter += 1) writeFileSync(join(project, `${chapter}.txt`), story(chapter));
  writeFileSync(
    join(project, 'octavo.yaml'),
    "data:\n  sources: ['*.txt']\nplan:\n  budget: 1m\ntokenizer:\n  vocabularySize: 512\nmodel:\n  depth: 2\n  width: 64\n",
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [octavo, 'verify', 'resume', '--kills', '20', '--steps', '150', '--json'],
    { cwd: project, encoding: 'utf8' },
  );
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('(20 of 20)') });
  const verdict = JSON.parse(stdout);
  expect(verdict).toMatchObject({ steps: 150, same: true });
  expect(verdict.killedAfter).toHaveLength(20);
  for (const { undisturbed, killed } of verdict.files) expect(killed).toBe(undisturbed);
  expect(verdict.files.map(({ name }: { name: string }) => name)).toEqual([
    'model.safetensors',
    'optimiser.safetensors',
  ]);
  expect(existsSync(join(project, 'runs', 'verify-killed'))).toBe(false);
});
