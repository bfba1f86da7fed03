import type { Backend, DeviceBuffer } from '../backends/backend.js';
import { gradient } from '../gradient/gradient.js';
import { adamw } from '../ops/adamw.js';
import { add } from '../ops/add.js';
import { attention } from '../ops/attention.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { dropout } from '../ops/dropout.js';
import { embedding } from '../ops/embedding.js';
import { gelu } from '../ops/gelu.js';
import { gradientScale } from '../ops/gradient-scale.js';
import { headNorm } from '../ops/head-norm.js';
import { layerNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/linear.js';
import { multiply } from '../ops/multiply.js';
import { reshape } from '../ops/reshape.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { rotary } from '../ops/rotary.js';
import { rotaryAngles } from '../ops/rotary-angles.js';
import { silu } from '../ops/silu.js';
import { squaredSum } from '../ops/squared-sum.js';
import type { Precision } from '../passes/index.js';
import type { Graph } from '../trace/graph.js';
import { input, scoped, type Tensor, trace } from '../trace/trace.js';
import { draw } from './draw.js';

// B batch, T time, V vocabulary, D width
const [batch, time, vocabulary, width] = [3, 19, 67, 24];
const shape = { heads: 4, keyValueHeads: 2, headWidth: 6 };

const parameterShapes: Readonly<Record<string, readonly number[]>> = {
  'table.weight': [vocabulary, width],
  'first.gain': [width],
  'first.qkv': [(shape.heads + 2 * shape.keyValueHeads) * shape.headWidth, width],
  'first.out': [width, shape.heads * shape.headWidth],
  'second.gain': [width],
  'second.bias': [width],
  'second.up': [4 * width, width],
  'second.upBias': [4 * width],
  'second.gate': [4 * width, width],
  'second.down': [width, 4 * width],
  'last.gain': [width],
};

/** A whole training step of a one-block GPT that uses every op of training: loss, gradients, clipping, AdamW, all in one graph. */
export const trainingStep = (): Graph =>
  trace((t) => {
    const f32 = (name: string, of: readonly number[]): Tensor => input(t, name, { dtype: 'float32', shape: of });
    const i32 = (name: string, of: readonly number[]): Tensor => input(t, name, { dtype: 'int32', shape: of });
    const names = Object.keys(parameterShapes);
    const p = Object.fromEntries(names.map((name) => [name, f32(name, parameterShapes[name])]));
    const [tokens, positions, starts, step] = [
      i32('tokens', [batch, time]),
      i32('positions', [batch, time]),
      i32('starts', [batch, time]),
      i32('step', []),
    ];
    const angles = rotaryAngles(positions, { headWidth: shape.headWidth, base: 10000 });
    let x = dropout(embedding(p['table.weight'], tokens), step, { rate: 0.1, seed: 1, stream: 0 });
    x = scoped(t, 'first', () => {
      const qkv = linear(rmsNorm(x, p['first.gain'], 1e-6), p['first.qkv']);
      const heads = shape.heads + shape.keyValueHeads;
      const turned = rotary(headNorm(qkv, { heads, headWidth: shape.headWidth, epsilon: 1e-6 }), angles, {
        heads,
        headWidth: shape.headWidth,
      });
      return add(x, linear(attention({ qkv: turned, starts }, shape), p['first.out']));
    });
    x = scoped(t, 'second', () => {
      const z = layerNorm(x, p['second.gain'], p['second.bias'], 1e-5);
      return add(
        x,
        linear(
          multiply(gelu(linear(z, p['second.up'], p['second.upBias'])), silu(linear(z, p['second.gate']))),
          p['second.down'],
        ),
      );
    });
    const { loss } = crossEntropy({
      x: reshape(rmsNorm(x, p['last.gain'], 1e-6), [batch * time, width]),
      weight: p['table.weight'],
      targets: i32('targets', [batch * time]),
      weights: f32('weights', [batch * time]),
    });
    const lossScale = f32('lossScale', []);
    const gradients = gradient(
      loss,
      names.map((name) => p[name]),
      lossScale,
    );
    const squares = gradients
      .flatMap((value) => (value === undefined ? [] : [squaredSum(value)]))
      .reduce((a, b) => add(a, b));
    const { norm, factor, applied } = gradientScale({ squares, loss, lossScale }, 1);
    const updates = names.flatMap((name, i): (readonly [Tensor, Tensor])[] => {
      const [first, second] = [f32(`${name}.m`, parameterShapes[name]), f32(`${name}.v`, parameterShapes[name])];
      const made = adamw(
        {
          parameter: p[name],
          gradient: gradients[i] ?? p[name],
          first,
          second,
          factor,
          applied,
          rates: f32(`${name}.rates`, [3]),
        },
        { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
      );
      return [
        [p[name], made.newParameter],
        [first, made.newFirst],
        [second, made.newSecond],
      ];
    });
    return { outputs: { loss, norm }, updates };
  });

export interface TrainingResult {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  /** Parameters and optimiser states, by name. */
  readonly state: ReadonlyMap<string, Uint8Array>;
}

/** Trains for some steps on one batch a step, drawn from four: two packed documents a row. */
export async function trainSteps(
  backend: Backend,
  steps: number,
  precision: Precision = 'float32',
): Promise<TrainingResult> {
  const executable = backend.compile(trainingStep(), { precision });
  const buffers = new Map<string, DeviceBuffer>();
  const specs = Object.fromEntries(Object.entries(parameterShapes).map(([name, of]) => [name, { shape: of }]));
  for (const [name, data] of Object.entries(draw(specs, 17))) {
    const type = { dtype: 'float32', shape: parameterShapes[name] } as const;
    buffers.set(name, backend.allocate(type, name.endsWith('gain') ? data.fill(1) : data.map((value) => 0.1 * value)));
    for (const state of ['m', 'v']) buffers.set(`${name}.${state}`, backend.allocate(type));
  }
  const tokens = { tokens: { shape: [batch, time + 1], dtype: 'int32', below: vocabulary } } as const;
  const rows = (values: ArrayLike<number>, from: number): Int32Array =>
    Int32Array.from({ length: batch * time }, (_, i) => values[Math.floor(i / time) * (time + 1) + (i % time) + from]);
  const starts = Int32Array.from({ length: batch * time }, (_, i) => (i % time < 8 ? 0 : 8));
  const positions = starts.map((start, i) => (i % time) - start);
  const lossScale = precision === 'float16' ? 1024 : 1;
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let step = 0; step < steps; step++) {
    const given = draw(tokens, 100 + (step % 4)).tokens;
    const rates = Object.fromEntries(
      Object.keys(parameterShapes).map((name) => [
        `${name}.rates`,
        [3e-3, 1 - 0.9 ** (step + 1), 1 - 0.95 ** (step + 1)],
      ]),
    );
    const batchInputs = {
      tokens: rows(given, 0),
      targets: rows(given, 1),
      positions,
      starts,
      weights: new Float32Array(batch * time).fill(1 / (batch * time)),
      step: [step],
      lossScale: [lossScale],
    };
    const { loss, norm } = await backend.run(executable, { ...Object.fromEntries(buffers), ...rates, ...batchInputs });
    losses.push(loss[0]);
    norms.push(norm[0]);
  }
  return { losses, norms, state: new Map([...buffers].map(([name, buffer]) => [name, backend.bytes(buffer).slice()])) };
}
