/** The worked example of docs/engine.md: the graphs that the page shows are what the engine prints today. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import {
  adamw,
  add,
  constant,
  crossEntropy,
  embedding,
  gelu,
  gradient,
  input,
  linear,
  optimise,
  plan,
  print,
  scoped,
  trace,
} from './index.js';

const page = fileURLToPath(new URL('../../../docs/engine.md', import.meta.url));

const example = trace((t) => {
  const f32 = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
  const i32 = (name: string, shape: readonly number[]) => input(t, name, { dtype: 'int32', shape });
  const [table, weight, m, v] = [f32('table', [16, 8]), f32('weight', [8, 8]), f32('m', [8, 8]), f32('v', [8, 8])];
  const x = embedding(table, i32('tokens', [4]));
  const y = scoped(t, 'block', () => add(x, gelu(linear(x, weight))));
  const { loss } = scoped(t, 'head', () =>
    crossEntropy({ x: y, weight: table, targets: i32('targets', [4]), weights: f32('weights', [4]) }),
  );
  const one = constant(t, { value: 1, shape: [], dtype: 'float32' });
  const [dweight = weight] = gradient(loss, [weight], one);
  const state = { parameter: weight, gradient: dweight, first: m, second: v };
  const made = adamw(
    { ...state, factor: one, applied: one, rates: f32('rates', [3]) },
    { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
  );
  const updates = [
    [weight, made.newParameter],
    [m, made.newFirst],
    [v, made.newSecond],
  ] as const;
  return { outputs: { loss }, updates };
});

const memory = (precision: 'float32' | 'bfloat16'): string => {
  const { arena, arenaBytes } = plan(optimise(example, precision));
  const lines = arena.map(
    ({ offset, bytes, from, to, kind }) =>
      `${String(offset).padStart(4)} + ${String(bytes).padEnd(4)} instructions ${from} to ${to}  ${kind}`,
  );
  return [`arena of ${arenaBytes} bytes`, ...lines].join('\n');
};

it.each([
  ['as traced', print(example)],
  ['after the passes', print(optimise(example, 'float32'))],
  ['in bfloat16', print(optimise(example, 'bfloat16'))],
  ['in memory', memory('float32')],
])('docs/engine.md shows the example %s', (_, text) => expect(readFileSync(page, 'utf8')).toContain(`\n${text}\n`));
