// The tarballs as users get them: installed without scripts into an empty folder, they make a project and train it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-packed-'));
  const tarballs = join(folder, 'tarballs');
  execFileSync(process.execPath, [join(root, 'scripts/pack.mjs'), tarballs], { cwd: root, stdio: 'pipe' });
  mkdirSync(join(folder, 'user'));
  execFileSync('npm', ['init', '-y'], { cwd: join(folder, 'user'), stdio: 'pipe' });
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...files], {
    cwd: join(folder, 'user'),
    stdio: 'pipe',
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('makes and trains a project within a budget of a minute', () => {
  const cwd = join(folder, 'user');
  const octavo = (...words: readonly string[]) =>
    execFileSync('npx', ['octavo', ...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  octavo('init');
  octavo('run', '--budget', '1m');
  expect(JSON.parse(octavo('status', '--json'))).toBeTypeOf('object');
  expect(existsSync(join(cwd, 'runs/main/artifacts/export/huggingface/model.safetensors'))).toBe(true);
});

it('holds no test and no repository file', () => {
  const installed = join(folder, 'user/node_modules/octavo');
  expect(readdirSync(installed).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'native',
    'package.json',
    'schema',
  ]);
});
