#!/usr/bin/env node
/** `npm create octavo my-gpt`: a folder with an octavo.yaml, and the octavo command installed in it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const stop = (what, remedy) => {
  process.stderr.write(`error create-octavo: ${what}\n  → ${remedy}\n`);
  process.exit(2);
};

const [name = 'my-gpt', ...more] = process.argv.slice(2);
if (name.startsWith('-') || more.length > 0) stop(`expected the name of a folder, got ${process.argv.slice(2).join(' ')}`, 'npm create octavo my-gpt');

const folder = resolve(name);
if (existsSync(folder) && readdirSync(folder).length > 0) stop(`${name} is not empty`, 'name another folder: npm create octavo other-gpt');

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const packageName = basename(folder).toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-').replace(/^[._-]+/, '') || 'my-gpt';
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'package.json'),
  `${JSON.stringify({ name: packageName, version: '0.0.0', private: true, type: 'module', dependencies: { octavo: version } }, null, 2)}\n`,
);

const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  if (error !== undefined || status !== 0) stop(`\`${[command, ...args].join(' ')}\` failed`, `mend what it says above, then run it again in ${name}`);
};

process.stdout.write(`Installing octavo ${version} into ${name} …\n`);
run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
run('npx', ['--no-install', 'octavo', 'init']);
process.stdout.write(`  (in ${name}; with npx: npx octavo run)\n`);
