/**
 * What it costs to start a graph from JavaScript, and how long a training step keeps the event loop waiting.
 *
 *   node bench/launches.mjs [--rounds 7] [--seconds 10] [--json]
 *
 * A graph of one addition of 16 numbers is started 10,000 times over bound buffers, submitted together and then awaited one by
 * one, on the thread that asks (where graphs of some microseconds run) and handed to the team as larger graphs are. The time
 * of its kernel, measured in the engine, is taken off. Then the event loop's delay (perf_hooks, resolution 1 ms) of an idle
 * process and of one that trains the 10.7M model through `createTrainer`, batches cut from a stream of tokens as in a run.
 */
import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { add, input, nativeBackend, trace } from '@octavo/engine';
import { machineFacts, windowBatches } from '../packages/octavo/dist/training/index.js';
import { columns, machine, writeResult } from './harness.mjs';
import { quantile } from './statistics.mjs';
import { gptTrainer } from './training-octavo.mjs';
import { trainingShapes } from './training-shapes.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});
const threads = Number(options.threads);
const launches = 10_000;
const facts = await machineFacts(fileURLToPath(new URL('../.octavo', import.meta.url)), process.env.OCTAVO_ISA);

/** Microseconds of a launch: each round's, submitted together and one by one; and of its kernel by the engine's clock. */
const launchesOf = async (immediate) => {
  const backend = nativeBackend({ threads, isa: facts.isa, form: facts.form, immediate });
  const type = { dtype: 'float32', shape: [16] };
  const executable = backend.compile(trace((t) => ({ outputs: { y: add(input(t, 'a', type), input(t, 'b', type)) } })));
  const inputs = { a: backend.allocate(type), b: backend.allocate(type) };
  const kernels = [];
  for (let i = 0; i < 1000; i++) kernels.push((await backend.profile(executable, inputs))[0] * 1000);
  const kernel = quantile(kernels, 0.5);
  const timed = async (body) => {
    const startedMs = performance.now();
    await body();
    return ((performance.now() - startedMs) * 1000) / launches;
  };
  const [together, oneByOne] = [[], []];
  for (let round = -2; round < Number(options.rounds); round++) {
    const both = await timed(() =>
      Promise.all(Array.from({ length: launches }, () => backend.run(executable, inputs))),
    );
    const single = await timed(async () => {
      for (let i = 0; i < launches; i++) await backend.run(executable, inputs);
    });
    if (round < 0) continue;
    together.push(both);
    oneByOne.push(single);
  }
  return { kernel, together, oneByOne };
};

/** Milliseconds by which the event loop is late while `body` goes on. */
const delayDuring = async (body) => {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await body();
  histogram.disable();
  const at = (share) => histogram.percentile(share) / 1e6;
  return { p50: at(50), p99: at(99), max: histogram.max / 1e6, count: histogram.count };
};

const delays = async () => {
  const seconds = Number(options.seconds);
  const shape = trainingShapes.large;
  const { trainer, rates } = gptTrainer(shape, { facts, threads, precision: facts.mixedPrecision });
  const stream = Uint16Array.from({ length: 1 << 20 }, (_, i) => (i * 7919) % shape.vocabulary);
  const batchAt = windowBatches(stream, { sequences: shape.batch, length: shape.context, seed: 1, microBatches: 1 });
  let step = 0;
  const train = async (ms) => {
    const until = performance.now() + ms;
    const first = step;
    while (performance.now() < until || step === first) {
      const { applied } = await trainer.step([batchAt(step)], rates(step));
      if (!applied) throw new Error(`step ${step} was not applied`);
      step++;
    }
  };
  await train(0);
  const idle = await delayDuring(() => sleep(seconds * 500));
  const before = step;
  const training = await delayDuring(() => train(seconds * 1000));
  return { idle, training, steps: step - before };
};

const kinds = { 'on the thread that asks': await launchesOf(true), 'handed over': await launchesOf(false) };
// A team's own figure has its barrier in it, which is part of what starting costs.
const { kernel } = kinds['on the thread that asks'];
const loop = await delays();
const spread = (values) => {
  const [middle, lower, upper] = [0.5, 0.25, 0.75].map((share) => (quantile(values, share) - kernel).toFixed(2));
  return `${middle} (${lower}–${upper})`;
};
const rows = Object.entries(kinds).map(([name, { together, oneByOne }]) => [name, spread(together), spread(oneByOne)]);
process.stderr.write(
  `${columns([[`µs a launch above its kernel of ${kernel.toFixed(2)}`, 'together', 'one by one'], ...rows])}
event loop, ms: p99 ${loop.training.p99.toFixed(2)} in ${loop.steps} steps of training (p50 ${loop.training.p50.toFixed(2)}, largest ${loop.training.max.toFixed(1)}), p99 ${loop.idle.p99.toFixed(2)} idle
load ${loadavg()[0].toFixed(1)}
`,
);
const result = { date: new Date().toISOString(), machine: machine(), threads, launches: kinds, loop };
process.stderr.write(`${await writeResult('launches', result)}\n`);
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
