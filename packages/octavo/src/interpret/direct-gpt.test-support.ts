/** A GPT in plain TypeScript and double precision, one number at a time: what the tests hold the room to. For tests only. */
import { type Backend, chooseIsa, nativeBackend } from '@octavo/engine';
import { type GptConfig, gptParameters, initialValues } from '../models/index.js';
import type { InterpretedModel } from './model.js';

type Rows = number[][];

export const tinyConfig: GptConfig = {
  vocabularySize: 23,
  contextLength: 16,
  depth: 3,
  width: 16,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 6,
  feedForwardWidth: 20,
  positions: 'rotary',
  rotaryBase: 10_000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'relu-squared',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: true,
  outputBias: false,
  dropout: 0,
};

export const tinyConfigs: readonly (readonly [string, GptConfig])[] = [
  ['the default', tinyConfig],
  [
    'GPT-2',
    {
      ...tinyConfig,
      keyValueHeads: 4,
      positions: 'learned',
      norm: 'layer',
      activation: 'gelu',
      biases: true,
      queryKeyNorm: false,
    },
  ],
  ['Llama', { ...tinyConfig, activation: 'swiglu', tiedEmbeddings: false, queryKeyNorm: false, outputBias: true }],
];

/** Weights large enough that heads look somewhere and layers matter. */
export const tinyModel = (config: GptConfig, seed = 3): InterpretedModel<'gpt'> & { readonly backend: Backend } => {
  const backend = nativeBackend({ threads: 1, isa: chooseIsa(undefined), form: 'widened' });
  const parameters = new Map(
    gptParameters(config).map((spec, stream) => {
      const values = initialValues({ ...spec, start: { kind: 'normal', deviation: 0.25 } }, { seed, stream }).map(
        (value) => value + (spec.path.endsWith('gain') ? 1 : 0),
      );
      return [spec.path, backend.allocate({ dtype: 'float32', shape: spec.shape }, values)] as const;
    }),
  );
  return { backend, model: { architecture: 'gpt', config }, parameters };
};

export interface DirectRun {
  /** [L + 1][T][D]: before each block, and after the last. */
  readonly residuals: readonly Rows[];
  /** [L][H][T][T] */
  readonly attention: readonly (readonly Rows[])[];
  /** [T][V] */
  readonly logits: Rows;
}

/** Runs a prompt. `edit` may change the embedded tokens (layer −1) and the residual stream before a block or after the last. */
export function direct(
  { model: { config }, backend, parameters }: InterpretedModel<'gpt'>,
  ids: readonly number[],
  edit: (layer: number, stream: Rows) => Rows = (_, stream) => stream,
): DirectRun {
  const { heads, keyValueHeads: groups, headWidth: w, width } = config;
  const values = new Map([...parameters].map(([path, buffer]) => [path, Array.from(backend.read(buffer), Number)]));
  const read = (path: string): number[] => values.get(path) ?? [];
  const product = (x: readonly number[], matrix: readonly number[], bias: readonly number[]): number[] =>
    Array.from({ length: matrix.length / x.length }, (_, row) =>
      x.reduce((sum, value, i) => sum + value * (matrix[row * x.length + i] ?? 0), bias[row] ?? 0),
    );
  const linear = (path: string, x: readonly number[]): number[] =>
    product(x, read(`${path}.weight`), read(`${path}.bias`));
  const norm = (path: string, x: readonly number[]): number[] => {
    const mean = config.norm === 'layer' ? x.reduce((a, b) => a + b, 0) / x.length : 0;
    const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length + config.normEpsilon);
    const [gain, bias] = [read(`${path}.gain`), read(`${path}.bias`)];
    return x.map((v, i) => (v - mean) * scale * (gain[i] ?? 0) + (bias[i] ?? 0));
  };
  const turned = (head: readonly number[], position: number): number[] => {
    let x = [...head];
    if (config.queryKeyNorm) {
      const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / w + config.normEpsilon);
      x = x.map((v) => v * scale);
    }
    if (config.positions !== 'rotary') return x;
    const half = w / 2;
    return x.map((v, i) => {
      const angle = position * config.rotaryBase ** (-(2 * (i % half)) / w);
      const pair = x[(i + half) % w] ?? 0;
      return v * Math.cos(angle) + (i < half ? -pair : pair) * Math.sin(angle);
    });
  };
  // Abramowitz and Stegun would be too coarse here: the error function by its series.
  const erf = (x: number): number => {
    let [term, sum] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const activate = (v: number): number =>
    config.activation === 'gelu' ? (v / 2) * (1 + erf(v / Math.SQRT2)) : Math.max(0, v) ** 2;
  const feedForward = (path: string, x: readonly number[]): number[] => {
    const up = linear(`${path}.up`, x);
    const gate = config.activation === 'swiglu' ? linear(`${path}.gate`, x) : [];
    return linear(
      `${path}.down`,
      up.map((v, i) => (gate.length === 0 ? activate(v) : (v * (gate[i] ?? 0)) / (1 + Math.exp(-(gate[i] ?? 0))))),
    );
  };
  const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((v, i) => v + (b[i] ?? 0));

  const table = read('embedding.token');
  const embedded = edit(
    -1,
    ids.map((id) => table.slice(id * width, (id + 1) * width)),
  );
  const places = read('embedding.position');
  let x: Rows = embedded.map((row, t) => plus(row, places.slice(t * width, (t + 1) * width)));
  const residuals: Rows[] = [];
  const attention: Rows[][] = [];
  for (let layer = 0; layer < config.depth; layer++) {
    x = edit(layer, x);
    residuals.push(x);
    const path = `blocks.${layer}`;
    const qkv = x.map((row) => linear(`${path}.attention.qkv`, norm(`${path}.attention.norm`, row)));
    const part = (t: number, index: number): number[] => (qkv[t] ?? []).slice(index * w, (index + 1) * w);
    const maps: Rows[] = [];
    const mixed: Rows = x.map(() => []);
    for (let head = 0; head < heads; head++) {
      const group = Math.floor((head * groups) / heads);
      maps.push(
        x.map((_, t) => {
          const query = turned(part(t, head), t);
          const scores = Array.from({ length: t + 1 }, (_, s) => {
            const key = turned(part(s, heads + group), s);
            return Math.exp(query.reduce((sum, v, i) => sum + v * (key[i] ?? 0), 0) / Math.sqrt(w));
          });
          const total = scores.reduce((a, b) => a + b, 0);
          const weights = ids.map((_, s) => (scores[s] ?? 0) / total);
          const value = Array.from({ length: w }, (_, i) =>
            weights.reduce((sum, weight, s) => sum + weight * (part(s, heads + groups + group)[i] ?? 0), 0),
          );
          mixed[t]?.push(...value);
          return weights;
        }),
      );
    }
    attention.push(maps);
    x = x.map((row, t) => plus(row, linear(`${path}.attention.output`, mixed[t] ?? [])));
    x = x.map((row) => plus(row, feedForward(`${path}.feedForward`, norm(`${path}.feedForward.norm`, row))));
  }
  x = edit(config.depth, x);
  residuals.push(x);
  const head = config.tiedEmbeddings ? table : read('head.weight');
  return { residuals, attention, logits: x.map((row) => product(norm('norm', row), head, read('head.bias'))) };
}
