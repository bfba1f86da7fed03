/**
 * Python peers: makes bench/.venv with the pinned versions of requirements.txt, once.
 *
 *   node bench/peers.mjs          # 1 to 2 minutes and 5.6 GB: PyPI's torch for Linux brings its CUDA libraries along
 *
 * Nothing else needs it: the benchmarks that meet it absent say so and run without PyTorch. OCTAVO_PYTHON names another
 * interpreter that already has the packages.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = beside('.venv');
const stamp = beside('.venv/octavo-pins.txt');
const interpreter = process.platform === 'win32' ? beside('.venv/Scripts/python.exe') : beside('.venv/bin/python');
const pins = () => readFileSync(beside('requirements.txt'), 'utf8') + readFileSync(beside('constraints.txt'), 'utf8');

/** The Python that has the peers, or undefined: `node bench/peers.mjs` makes it. */
export const peerPython = () => {
  if (process.env.OCTAVO_PYTHON) return process.env.OCTAVO_PYTHON;
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === pins() ? interpreter : undefined;
};

const run = (command, args, remedy) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ${error?.message ?? `ended with ${status}`}\n  → ${remedy}`);
};

const install = () => {
  run(
    'python3',
    ['-m', 'venv', folder],
    'install Python 3.10 or newer with venv, on Debian: apt-get install python3-venv',
  );
  const packages = ['-r', beside('requirements.txt'), '-c', beside('constraints.txt')];
  run(interpreter, ['-m', 'pip', 'install', '--quiet', ...packages], 'the lines above say which package failed');
  writeFileSync(stamp, pins());
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (peerPython() === undefined) install();
    process.stdout.write(`${peerPython()}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
