/** The loop of the training tests finds a linear map from examples, and starts from the numbers that the specs say. */
import {
  add,
  type HostArray,
  linear,
  loadAddon,
  multiply,
  nativeBackend,
  philox,
  subtract,
  sum,
  tanh,
} from '@octavo/engine';
import { expect, it } from 'vitest';
import { initialValues, type ParameterSpec } from '../../../packages/octavo/src/models/index.js';
import { trainModel } from './train-model.js';

// B examples of D numbers, each with the answer tanh(a·x + b)
const [rows, width] = [32, 3];
const [hidden, shift] = [[0.5, -1, 0.25], 0.3];
const parameters: readonly ParameterSpec[] = [
  { path: 'map.weight', shape: [1, width], start: { kind: 'normal', deviation: 0.02 }, role: 'matrix' },
  { path: 'map.bias', shape: [1], start: { kind: 'constant', value: 0 }, role: 'vector' },
];

const batch = (step: number): Record<string, HostArray> => {
  const x = Float32Array.from({ length: rows * width }, (_, i) => philox([i, step, 0, 0], [5, 0])[0] / 2 ** 31 - 1);
  const y = Float32Array.from({ length: rows }, (_, row) =>
    Math.tanh(hidden.reduce((total, value, i) => total + value * x[row * width + i], shift)),
  );
  return { x, y };
};

const train = (steps: number, learningRate: number) => {
  const backend = nativeBackend({ threads: 1, isa: loadAddon().isas[0], form: 'widened' });
  return trainModel({
    backend,
    parameters,
    seed: 3,
    inputs: { x: { dtype: 'float32', shape: [rows, width] }, y: { dtype: 'float32', shape: [rows, 1] } },
    loss: (of, { x, y }) => {
      const [weight, bias] = [of.get('map.weight'), of.get('map.bias')];
      if (weight === undefined || bias === undefined) throw new Error('the map has its parameters');
      const wrong = subtract(tanh(add(linear(x, weight), bias)), y);
      return multiply(sum(multiply(wrong, wrong)), 1 / rows);
    },
    batch,
    steps,
    learningRate,
  }).then(({ losses, parameters: found }) => ({
    losses,
    values: new Map([...found].map(([path, buffer]) => [path, backend.read(buffer)])),
  }));
};

it('finds the map', async () => {
  const { losses, values } = await train(400, 0.05);
  expect(losses).toHaveLength(400);
  expect(losses[0]).toBeGreaterThan(0.1);
  expect(Math.max(...losses.slice(-10))).toBeLessThan(1e-5);
  for (const [i, value] of hidden.entries()) expect(values.get('map.weight')?.[i]).toBeCloseTo(value, 2);
  expect(values.get('map.bias')?.[0]).toBeCloseTo(shift, 2);
});

it('starts from the specs, and moves by the rate of its first warm-up step', async () => {
  const { values } = await train(1, 0.01);
  const start = initialValues(parameters[0], { seed: 3, stream: 0 });
  // AdamW's first step is the rate in every coordinate; one step of warm-up begins at half the rate.
  const moved = Array.from(values.get('map.weight') ?? [], (value, i) => Math.abs(value - start[i]));
  for (const distance of moved) expect(distance).toBeCloseTo(0.005, 4);
});
