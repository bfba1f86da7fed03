/**
 * A training step of nanoGPT's model beside PyTorch, which runs float32 and bf16 autocast, eager and compiled.
 *
 *   node bench/training.mjs [--size small|large] [--rounds N] [--threads N] [--json]
 *
 * small: 4 layers, 4 heads, 128 wide, context 64, batch 12, 20 steps a turn; large: 6 layers, 6 heads, 384 wide, context
 * 256, batch 64 (10.7M parameters). Both sides do forward, backward, clipping to 1.0 and AdamW on as many threads.
 * Without PyTorch (`node bench/peers.mjs` installs it) only our own figures are printed.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { backendFor, defaultOptimiser, machineFacts } from '../packages/octavo/dist/training/index.js';
import { createTrainer } from '../packages/octavo/dist/training/trainer.js';
import { againstBest, alternate, table, writeResult } from './harness.mjs';
import { peerPython } from './peers.mjs';
import { flopOf, modelOf, startTorch, trainingShapes } from './torch.mjs';

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
const turnsOf = (size) => (size === 'small' ? { stepsPerTurn: 20, rounds: 11 } : { stepsPerTurn: 1, rounds: 5 });

const randomBatch = ({ batch, context, vocabulary }) => {
  let state = 1;
  const id = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 16) % vocabulary;
  };
  const size = batch * context;
  return {
    tokens: Int32Array.from({ length: size }, id),
    targets: Int32Array.from({ length: size }, id),
    positions: Int32Array.from({ length: size }, (_, place) => place % context),
    weights: new Float32Array(size).fill(1 / size),
  };
};

const optimiser = { ...defaultOptimiser, kind: 'adamw', beta2: 0.99, weightDecay: 0.1 };

/** Our trainer in one precision; a step that was not applied is an error, so that no figure comes from skipped work. */
const contestant = (name, shape, facts, precision, stepsPerTurn) => {
  const { batch: sequences, context: length } = shape;
  const step = { model: modelOf(shape), optimiser, sequences, length, clip: 1, clipValue: 0, seed: 1, packed: false };
  const trainer = createTrainer({ backend: backendFor(facts, threads), precision, shape: step, microBatches: 1 });
  const batch = randomBatch(shape);
  const lossScale = precision === 'float16' ? 2 ** 10 : 1;
  let done = 0;
  const run = async () => {
    const startedMs = performance.now();
    for (let i = 0; i < stepsPerTurn; i++, done++) {
      const rates = { step: done, learningRate: 1e-3, matrixRate: 0, lossScale };
      const { loss, applied } = await trainer.step([batch], rates);
      if (!applied || !Number.isFinite(loss)) throw new Error(`${name}: step ${done} was not applied (loss ${loss})`);
    }
    return (performance.now() - startedMs) / 1000;
  };
  return { name, required: true, run };
};

const race = async (size, facts, python) => {
  const shape = trainingShapes[size];
  const { stepsPerTurn, rounds } = turnsOf(size);
  const torch = python === undefined ? undefined : await startTorch(shape, { python, threads, stepsPerTurn });
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
      .join(', ')}; ${stepsPerTurn} steps a turn`,
  );
  say(table(result, { ours, amount: tokens, unit: 'tokens' }));
  const rates = result.contestants.map(
    ({ name, median, best: least }) => `${name} ${(gflop / median).toFixed(0)} (${(gflop / least).toFixed(0)})`,
  );
  say(`GFLOP/s, median (best): ${rates.join(', ')}`);
  if (torch !== undefined)
    say(`torch ${torch.ready.torch}, ${torch.ready.capability}; ${threads} threads on both sides`);
  return { size, shape, tokensPerTurn: tokens, gflopPerTurn: gflop, ours, best, torch: torch?.ready, ...result };
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
