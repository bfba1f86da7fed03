/**
 * An experiment: training with 8-bit products. The operands of every linear layer's three products are rounded to int8 with
 * a scale a block along the summed axis, gradients stochastically; embeddings, attention and the output layer stay as they
 * are. The rounding is done in float32 (quantise, dequantise, multiply), so this shows the loss, not the speed.
 *
 *   node bench/int8-training.mjs --text FILE [--steps 1000] [--modes float32,bfloat16,int8-128,int8-32] [--threads 1]
 *
 * nanoGPT's small setting (4 × 128, context 64, batch 12) on the characters of FILE, the last tenth held out. Prints the
 * mean training loss of the last fifty steps and the held-out loss, every quarter of the way.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { add, dequantise, input, multiply, quantise, reshape, slice, trace, transpose } from '@octavo/engine';
import { opOf } from '../packages/engine/dist/ops/registry.js';
import { record } from '../packages/engine/dist/trace/trace.js';
import { windowBatches } from '../packages/octavo/dist/training/batches.js';
import { backendFor, defaultOptimiser, machineFacts } from '../packages/octavo/dist/training/index.js';
import { createTrainer } from '../packages/octavo/dist/training/trainer.js';

const { values: options } = parseArgs({
  options: {
    text: { type: 'string' },
    steps: { type: 'string', default: '1000' },
    modes: { type: 'string', default: 'float32,bfloat16,int8-128,int8-32' },
    threads: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    pause: { type: 'string', default: '0' },
  },
});
if (options.text === undefined) throw new Error('give the text to train on: --text FILE');
const steps = Number(options.steps);
const noiseCount = 1 << 19;

/** x rounded to int8 and back, with a scale for each `group` elements along its last axis. */
const rounded = (x, group, noise) => {
  const n = x.shape.at(-1);
  const size = n % group === 0 ? group : n;
  const { q, scales } = quantise(x, size);
  if (noise === undefined) return dequantise(q, scales);
  // Up to half a step of noise before rounding makes the rounding stochastic: right on average.
  const count = x.shape.reduce((a, b) => a * b, 1);
  const groups = count / size;
  const drawn = reshape(slice(noise, 0, 0, count), [groups, size]);
  const moved = add(reshape(x, [groups, size]), multiply(drawn, reshape(scales, [groups, 1])));
  const again = quantise(moved);
  return reshape(dequantise(again.q, again.scales), x.shape);
};

/** The graph with the operands of linear layers' products rounded along the axis that is summed. */
const inInt8 = (graph, group, stochastic) =>
  trace((t) => {
    const tensors = new Map(graph.inputs.map(({ name, value }) => [value, input(t, name, graph.types[value])]));
    const noise = stochastic ? input(t, 'noise', { dtype: 'float32', shape: [noiseCount] }) : undefined;
    const along = (x, last, by) => (last ? rounded(x, group, by) : transpose(rounded(transpose(x), group, by)));
    for (const node of graph.nodes) {
      const op = opOf(node.kind);
      const operands = Object.fromEntries(
        op.inputNames.flatMap((name, i) => ((node.inputs[i] ?? -1) < 0 ? [] : [[name, tensors.get(node.inputs[i])]])),
      );
      if (node.kind === 'linear') {
        operands.x = along(operands.x, true);
        operands.weight = along(operands.weight, true);
      } else if (node.kind === 'matmul' && operands.a.shape.length === 2) {
        // In both products of a linear layer's backward pass the first operand is the gradient.
        operands.a = along(operands.a, !node.attributes.transposeA, noise);
        operands.b = along(operands.b, node.attributes.transposeB);
      }
      const made = record(t, op, operands, node.attributes);
      for (const [i, name] of op.outputs.entries()) tensors.set(node.outputs[i], made[name]);
    }
    const of = (value) => tensors.get(value);
    return {
      outputs: Object.fromEntries(graph.outputs.map(({ name, value }) => [name, of(value)])),
      updates: graph.updates.map(({ input: from, value }) => [of(from), of(value)]),
    };
  });

const facts = await machineFacts('.octavo/cache', undefined);
const text = readFileSync(options.text, 'utf8');
const letters = [...new Set(text)].sort();
const ids = new Map(letters.map((letter, id) => [letter, id]));
const stream = Uint16Array.from(text, (letter) => ids.get(letter));
const cut = Math.floor(stream.length * 0.9);
const [sequences, length, depth, width] = [12, 64, 4, 128];
const model = {
  vocabularySize: letters.length,
  contextLength: length,
  depth,
  width,
  heads: 4,
  keyValueHeads: 4,
  headWidth: width / 4,
  feedForwardWidth: 4 * width,
  positions: 'learned',
  rotaryBase: 10000,
  norm: 'layer',
  normEpsilon: 1e-5,
  activation: 'gelu',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: false,
  outputBias: false,
  dropout: 0,
};
const shape = {
  model,
  optimiser: { ...defaultOptimiser, kind: 'adamw', beta2: 0.99, weightDecay: 0.1 },
  sequences,
  length,
  clip: 1,
  clipValue: 0,
  seed: Number(options.seed),
  packed: false,
};

const train = async (mode) => {
  const inner = backendFor(facts, Number(options.threads));
  const [, group, nearest] = /^int8-(\d+)(-nearest)?$/.exec(mode) ?? [];
  const noise = new Float32Array(noiseCount);
  const backend =
    group === undefined
      ? inner
      : {
          ...inner,
          compile: (graph, how) => inner.compile(inInt8(graph, Number(group), nearest === undefined), how),
          run: (executable, inputs) => {
            if (!executable.graph.inputs.some(({ name }) => name === 'noise')) return inner.run(executable, inputs);
            for (let i = 0; i < noiseCount; i++) noise[i] = Math.random() - 0.5;
            return inner.run(executable, { ...inputs, noise });
          },
        };
  const precision = group === undefined ? mode : 'float32';
  const trainer = createTrainer({ backend, precision, shape, microBatches: 1 });
  const batchAt = windowBatches(stream.subarray(0, cut), { sequences, length, seed: shape.seed, microBatches: 1 });
  const heldOut = windowBatches(stream.subarray(cut), { sequences, length, seed: 7, microBatches: 1 });
  const losses = [];
  const curve = [];
  let worked = performance.now();
  for (let step = 0; step < steps; step++) {
    const warm = Math.min(1, (step + 1) / 100);
    const rate = 1e-3 * warm * (0.55 + 0.45 * Math.cos((Math.PI * step) / steps));
    const { loss } = await trainer.step([batchAt(step)], { step, learningRate: rate, matrixRate: 0, lossScale: 1 });
    losses.push(loss);
    if ((step + 1) % Math.max(1, Math.floor(steps / 4)) === 0) {
      let [total, count] = [0, 0];
      for (let b = 0; b < 40; b++)
        for (const value of await trainer.losses(heldOut(b))) [total, count] = [total + value, count + 1];
      const last = losses.slice(-50);
      curve.push(
        `${step + 1}: ${(last.reduce((a, b) => a + b, 0) / last.length).toFixed(4)} / ${(total / count).toFixed(4)}`,
      );
    }
    if (Number(options.pause) > 0 && performance.now() - worked > 20_000) {
      await sleep(Number(options.pause));
      worked = performance.now();
    }
  }
  console.log(`${mode.padEnd(18)} ${curve.join('   ')}`);
};

console.log('step: training loss / held-out loss, nats a character');
for (const mode of options.modes.split(',')) await train(mode);
