/**
 * Makes a checkout ready: packages, TypeScript, native code. Every script of package.json calls it first, so that each
 * works as the first command after `git clone`. It says what it does and how long that took, and does only what is due.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

const oldestNode = [20, 12];
const nativeFolders = ['packages/engine/native', 'packages/octavo/native'];

export class Stop extends Error {}

/** Runs a command with its output held back; gives exit code and output. */
export const quiet = (command, args, options = {}) =>
  new Promise((done, failed) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code: code ?? 1, signal, output: Buffer.concat(chunks).toString() }));
  });

/** Runs a command that talks to the terminal itself; gives its exit code. */
export const loud = (command, args, options = {}) =>
  new Promise((done, failed) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
    // Ctrl-C reaches the child as well: let it save and end first.
    const wait = () => undefined;
    process.on('SIGINT', wait);
    child.on('error', failed);
    child.on('close', (code) => {
      process.off('SIGINT', wait);
      done(code ?? 1);
    });
  });

export const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

const say = (text) => process.stderr.write(`${text}\n`);

/** One part of making ready: its output is shown only when it fails. */
const part = async (title, command, args) => {
  const startedMs = performance.now();
  process.stderr.write(`${title} … `);
  const { code, output } = await quiet(command, args);
  say(code === 0 ? seconds(startedMs) : 'failed');
  if (code === 0) return;
  process.stderr.write(output);
  throw new Stop(`${title}: \`${[command, ...args].join(' ')}\` failed with exit code ${code}; its words stand above.`);
};

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** The line that installs a compiler on this system. */
export const compilerLine = (platform, isRoot, exists) => {
  const sudo = isRoot ? '' : 'sudo ';
  if (platform === 'darwin') return 'xcode-select --install';
  if (platform === 'win32') return 'wsl --install   (then clone and build inside WSL)';
  if (exists('apt-get')) return `${sudo}apt-get update && ${sudo}apt-get install -y g++ make`;
  if (exists('dnf')) return `${sudo}dnf install -y gcc-c++ make`;
  if (exists('apk')) return `${sudo}apk add g++ make`;
  if (exists('pacman')) return `${sudo}pacman -S --needed gcc make`;
  if (exists('zypper')) return `${sudo}zypper install -y gcc-c++ make`;
  if (exists('brew')) return 'brew install gcc make';
  return 'install g++ (C++20) and make with your package manager';
};

const requireTools = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]))
    throw new Stop(
      `Node ${process.versions.node} is too old: Octavo needs ${oldestNode.join('.')} or newer.\n  → https://nodejs.org, or: nvm install`,
    );
  const missing = [
    ...(has(process.env.CXX ?? 'g++') ? [] : ['a C++ compiler (g++)']),
    ...(has('make') ? [] : ['make']),
  ];
  if (missing.length === 0) return;
  const line = compilerLine(process.platform, process.getuid?.() === 0, (name) => has(name));
  throw new Stop(
    `The native code needs ${missing.join(' and ')}, not found on this machine. This installs it:\n\n  ${line}\n`,
  );
};

/** True if every package of the lock is installed in its version; those for other platforms may be absent. */
export const installed = (lock, found) =>
  Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/')) return true;
    const there = found.packages[path];
    if (there === undefined) return wanted.optional === true || wanted.os !== undefined || wanted.peer === true;
    return there.version === wanted.version && there.integrity === wanted.integrity;
  });

const packagesDue = () => {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return true;
  const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
  return !installed(read(join(root, 'package-lock.json')), read(hidden));
};

/** Installs and builds whatever is due. */
export const ensure = async () => {
  requireTools();
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  if (packagesDue())
    await part('Installing packages (npm ci)', npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  await part('Compiling TypeScript', process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
  for (const folder of nativeFolders)
    await part(`Compiling ${folder}`, 'make', ['-C', folder, `-j${availableParallelism()}`]);
};

/** Runs a script's body: a `Stop` is told without a stack, anything else with. */
export const main = async (body) => {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    process.stderr.write(error instanceof Stop ? `\n${error.message}\n` : `${error.stack}\n`);
    process.exitCode = 1;
  }
};
