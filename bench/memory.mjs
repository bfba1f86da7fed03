/**
 * Memory of a training step beside PyTorch's: each side and mode in a process of its own, after the same number of steps.
 *
 *   node bench/memory.mjs [--size large] [--steps 3] [--modes bf16-eager,bf16-compile] [--json]
 *
 * Peak is VmHWM of the whole process, and the same less what was resident before the model was made (Node or Python and their
 * libraries). Planned is what Octavo says before the step runs, and measured what the process took for it: resident
 * memory before the step was compiled and after it ran, once a smaller step has run, with flags that hold Node's own still.
 * PyTorch runs as in the race and, as "plain", with the allocator that it has by default.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineFacts } from '../packages/octavo/dist/training/index.js';
import { columns, machine, writeResult } from './harness.mjs';
import { startLineProcess } from './line-process.mjs';
import { peerPython } from './peers.mjs';
import { startTorch } from './torch.mjs';
import { octavoTrainer } from './training-octavo.mjs';
import { trainingShapes } from './training-shapes.mjs';

const { values: options } = parseArgs({
  options: {
    child: { type: 'string' },
    size: { type: 'string' },
    precision: { type: 'string', default: 'mixed' },
    steps: { type: 'string', default: '3' },
    modes: { type: 'string', default: 'bf16-eager,bf16-compile,f32-eager' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});
const [threads, steps] = [Number(options.threads), Number(options.steps)];
const script = fileURLToPath(import.meta.url);

/** Bytes by /proc: resident now, and at most. */
const memory = () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
};

/** Resident when all that JavaScript has dropped is given back. */
const settled = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await turn();
  }
  return memory().resident;
};

/** Seconds of each step. */
const stepsOf = async (trainer) => {
  const times = [];
  for (let i = 0; i < steps; i++) {
    const startedMs = performance.now();
    await trainer.step();
    times.push((performance.now() - startedMs) / 1000);
  }
  return times;
};

/** What a child says of one trainer: its peak, or what it took beside what its plan said. */
const children = {
  peak: async (make, shape) => {
    const start = memory().resident;
    const times = await stepsOf(make(shape));
    return { start, peak: memory().peak, seconds: Math.min(...times.slice(1)) };
  },
  plan: async (make, shape) => {
    await stepsOf(make({ ...shape, batch: 1, ...('masked' in shape ? { masked: 20 } : {}) }));
    const before = await settled();
    const trainer = make(shape);
    await stepsOf(trainer);
    const measured = (await settled()) - before;
    return { planned: trainer.memory.totalBytes, measured };
  },
};

const child = async () => {
  const facts = await machineFacts(fileURLToPath(new URL('../.octavo', import.meta.url)), process.env.OCTAVO_ISA);
  const precision = options.precision === 'mixed' ? facts.mixedPrecision : options.precision;
  const make = (shape) => octavoTrainer(shape, { facts, threads, precision });
  console.log(JSON.stringify(await children[options.child](make, trainingShapes[options.size])));
};

/** Node's own memory held still: a young generation of one size, and no collection on other threads. */
const still = ['--expose-gc', '--max-semi-space-size=1', '--single-threaded-gc'];

const ours = async (size, precision) => {
  const ask = async (kind, flags) => {
    const args = [script, '--child', kind, '--size', size, '--precision', precision, '--steps', String(steps)];
    const run = await startLineProcess(process.execPath, [...flags, ...args, '--threads', String(threads)]);
    await run.close();
    return run.ready;
  };
  return { name: `octavo ${precision}`, ...(await ask('peak', [])), ...(await ask('plan', still)) };
};

/** One mode of PyTorch, or why it did not run. */
const theirs = async (shape, python, mode, plain) => {
  const name = `torch ${mode}${plain ? ', plain' : ''}`;
  const torch = await startTorch(shape, { python, threads, ...(plain ? { env: {} } : {}) });
  try {
    const contestant = torch.contestants.find((one) => one.name === `torch ${mode}`);
    const times = [];
    for (let i = 0; i < steps; i++) times.push(await contestant.run());
    const { start, peak } = await torch.memory();
    return { name, start, peak, seconds: Math.min(...times.slice(1)) };
  } catch (error) {
    return { name, failed: error.message };
  } finally {
    await torch.close();
  }
};

const MiB = (bytes) => (bytes / 2 ** 20).toFixed(0);

const race = async (size, python) => {
  const shape = trainingShapes[size];
  const own = [await ours(size, 'mixed'), await ours(size, 'float32')];
  const all = [];
  if (python !== undefined)
    for (const mode of options.modes.split(','))
      for (const plain of [false, true]) all.push(await theirs(shape, python, mode, plain));
  const ran = all.filter(({ failed }) => failed === undefined);
  const [best] = ran.toSorted((a, b) => a.seconds - b.seconds);
  const [leanest] = ran.toSorted((a, b) => a.peak - b.peak);
  const rows = [...own, ...ran].map(({ name, start, peak, planned, measured, seconds }) => [
    `${name}${best?.name === name ? ' (fastest)' : ''}`,
    MiB(peak),
    MiB(peak - start),
    ...(planned === undefined
      ? ['', '', '']
      : [MiB(planned), MiB(measured), `${(100 * (measured / planned - 1)).toFixed(1)} %`]),
    seconds.toFixed(2),
  ]);
  const head = [`${size}, MiB`, 'peak', 'above start', 'planned', 'measured', 'off', 'seconds a step'];
  process.stderr.write(`\n${columns([head, ...rows])}\n`);
  for (const { name, failed } of all)
    if (failed !== undefined) process.stderr.write(`${name}: did not run: ${failed}\n`);
  const shares = [best, leanest]
    .filter((peer) => peer !== undefined)
    .map((peer) => ({
      peer: peer.name,
      peak: own[0].peak / peer.peak,
      aboveStart: (own[0].peak - own[0].start) / (peer.peak - peer.start),
    }));
  for (const [i, { peer, peak, aboveStart }] of shares.entries())
    process.stderr.write(
      `of the ${i === 0 ? 'fastest' : 'leanest'}, ${peer}: ${(100 * peak).toFixed(0)} % of its peak, ${(100 * aboveStart).toFixed(0)} % above the start\n`,
    );
  return { size, steps, own, peers: all, shares };
};

if (options.child !== undefined) await child();
else {
  const sizes = options.size === undefined ? Object.keys(trainingShapes) : options.size.split(',');
  const unknown = sizes.find((size) => trainingShapes[size] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`--size ${unknown} is not known\n  → ${Object.keys(trainingShapes).join(' or ')}\n`);
    process.exit(2);
  }
  const python = peerPython();
  if (python === undefined) process.stderr.write('PyTorch is not installed\n  → node bench/peers.mjs\n');
  const races = [];
  for (const size of sizes) races.push(await race(size, python));
  const result = { date: new Date().toISOString(), machine: { ...machine(), loadAfter: loadavg() }, races };
  process.stderr.write(`${await writeResult('memory', result)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}
