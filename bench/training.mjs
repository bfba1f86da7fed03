/**
 * A training step beside PyTorch, which runs float32 and bf16 autocast, eager and compiled.
 *
 *   node bench/training.mjs [--size small|large|gpt2|llama|bert|lstm|cnn] [--rounds N] [--threads N] [--json]
 *
 * training-shapes.mjs has the sizes. Both sides do forward, backward, clipping to 1.0 and AdamW on as many threads, and
 * have as many parameters.
 * Without PyTorch (`node bench/peers.mjs` installs it) only our own figures are printed.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineFacts } from '../packages/octavo/dist/training/index.js';
import { againstBest, alternate, table, writeResult } from './harness.mjs';
import { peerPython } from './peers.mjs';
import { startTorch } from './torch.mjs';
import { octavoTrainer } from './training-octavo.mjs';
import { flopOf, parameterCountOf, trainingShapes } from './training-shapes.mjs';

const { values: options } = parseArgs({
  options: {
    size: { type: 'string' },
    rounds: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});
const say = (text) => process.stderr.write(`${text}\n`);
const threads = Number(options.threads);
const turnsOf = (size) =>
  ({ small: { stepsPerTurn: 20, rounds: 11 }, cnn: { stepsPerTurn: 5, rounds: 11 } })[size] ?? {
    stepsPerTurn: 1,
    rounds: 5,
  };

/** Our step in one precision. */
const contestant = (name, shape, facts, precision, stepsPerTurn) => {
  const { step } = octavoTrainer(shape, { facts, threads, precision });
  const run = async () => {
    const startedMs = performance.now();
    for (let i = 0; i < stepsPerTurn; i++) await step();
    return (performance.now() - startedMs) / 1000;
  };
  return { name, required: true, run };
};

const race = async (size, facts, python) => {
  const shape = trainingShapes[size];
  const { stepsPerTurn, rounds } = turnsOf(size);
  const torch = python === undefined ? undefined : await startTorch(shape, { python, threads, stepsPerTurn });
  const parameters = parameterCountOf(shape);
  if (torch !== undefined && torch.ready.parameters !== parameters)
    throw new Error(`${size}: ${parameters} parameters here, ${torch.ready.parameters} in PyTorch`);
  const mixed = facts.mixedPrecision;
  const contestants = [
    contestant(`octavo ${mixed}`, shape, facts, mixed, stepsPerTurn),
    ...(mixed === 'float32' ? [] : [contestant('octavo float32', shape, facts, 'float32', stepsPerTurn)]),
    ...(torch?.contestants ?? []),
  ];
  const result = await alternate(contestants, { rounds: Number(options.rounds ?? rounds), warmup: 2 });
  await torch?.close();
  const ours = `octavo ${mixed}`;
  const tokens = shape.batch * shape.context * stepsPerTurn;
  const gflop = (flopOf(shape) * stepsPerTurn) / 1e9;
  const peers = result.contestants.filter(({ name }) => name === ours || !name.startsWith('octavo'));
  const best = againstBest({ ...result, contestants: peers }, ours);
  say(
    `\n${size}: ${Object.entries(shape)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}; ${parameters.toLocaleString('en-US')} parameters; ${stepsPerTurn} steps a turn`,
  );
  say(table(result, { ours, amount: tokens, unit: 'tokens' }));
  const rates = result.contestants.map(
    ({ name, median, best: least }) => `${name} ${(gflop / median).toFixed(0)} (${(gflop / least).toFixed(0)})`,
  );
  say(`GFLOP/s, median (best): ${rates.join(', ')}`);
  if (torch !== undefined)
    say(`torch ${torch.ready.torch}, ${torch.ready.capability}; ${threads} threads on both sides`);
  return {
    size,
    shape,
    parameters,
    tokensPerTurn: tokens,
    gflopPerTurn: gflop,
    ours,
    best,
    torch: torch?.ready,
    ...result,
  };
};

const sizes = options.size === undefined ? Object.keys(trainingShapes) : [options.size];
const unknown = sizes.find((size) => trainingShapes[size] === undefined);
if (unknown !== undefined) {
  say(`--size ${unknown} is not known\n  → ${Object.keys(trainingShapes).join(' or ')}`);
  process.exit(2);
}
const python = peerPython();
if (python === undefined) say('PyTorch is not installed, so nothing is compared with it\n  → node bench/peers.mjs');
const facts = await machineFacts(fileURLToPath(new URL('../.octavo', import.meta.url)), process.env.OCTAVO_ISA);
say(`${facts.isa}, ${facts.form} products, ${facts.mixedPrecision} where mixed`);
const races = [];
for (const size of sizes) races.push(await race(size, facts, python));
const path = await writeResult('training', { date: races[0].date, facts, races });
for (const { size, ours, best } of races)
  if (best !== undefined)
    say(
      `${size}: ${ours} is ${best.median.toFixed(2)}× (${best.lower.toFixed(2)}–${best.upper.toFixed(2)}) ${best.peer}`,
    );
say(path);
if (options.json) process.stdout.write(`${JSON.stringify(races)}\n`);
