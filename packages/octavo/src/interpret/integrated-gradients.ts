import {
  constant,
  extend,
  type Graph,
  gradient,
  type HostArray,
  input,
  only,
  patch,
  sum,
  valueNamed,
} from '@octavo/engine';
import { type Choice, choiceInputs, chosenLogit, rowsAtOnce } from './chosen-logit.js';
import {
  type Beside,
  checkPrompt,
  compiled,
  embeddedName,
  type InterpretedModel,
  logits,
  logitsGraph,
  promptInputs,
} from './model.js';
import { integrate, type Sample } from './quadrature.js';

// A points of the path in one run, T time, D width

export interface Attribution {
  /** What each token of the prompt adds to the chosen logit. */
  readonly tokens: readonly number[];
  /** The chosen logit with the prompt, and with the mean embedding in place of every token. */
  readonly value: number;
  readonly baseline: number;
  /** |Σ tokens − (value − baseline)|: completeness says 0. */
  readonly error: number;
  /** The error allowed; a larger one means that the path was too rough for the points spent. */
  readonly bound: number;
  /** Points of the path. */
  readonly points: number;
}

const boundOf = (change: number): number => 1e-3 * Math.max(1, Math.abs(change));

/** Embedded tokens [T, D], and the mean of the table [D]: a token that is none in particular. */
function embeddings({ backend, parameters }: InterpretedModel, ids: readonly number[], width: number) {
  const buffer = parameters.get('embedding.token');
  const table: HostArray = buffer === undefined ? new Float32Array() : backend.read(buffer);
  const mean = new Float64Array(width);
  for (let i = 0; i < table.length; i++)
    mean[i % width] = (mean[i % width] ?? 0) + ((table[i] ?? 0) * width) / table.length;
  const embedded = Float64Array.from(
    { length: ids.length * width },
    (_, i) => table[(ids[Math.floor(i / width)] ?? 0) * width + (i % width)] ?? 0,
  );
  return { embedded, mean };
}

/** Embedded tokens come as the input `embedded` [A, T, D]; outputs `chosen` [A] and `slope` [A, T, D], ∂chosen/∂embedded. */
const slopeGraph = (graph: Graph): Graph =>
  only(
    extend(
      patch(graph, embeddedName(graph), (value, trace) => input(trace, 'embedded', value)),
      (trace, at) => {
        const chosen = chosenLogit(trace, at(logits));
        // The rows do not see each other, so the gradient of their sum is that of each.
        const one = constant(trace, { value: 1, shape: [], dtype: 'float32' });
        const [slope] = gradient(sum(chosen), [at('embedded')], one);
        return slope === undefined ? { chosen } : { chosen, slope };
      },
    ),
    ['chosen', 'slope'],
  );

/**
 * Integrated gradients: xᵢ − x'ᵢ times the mean of ∂F/∂xᵢ on the straight path from x' to x, summed over a token's
 * channels. F is the chosen logit, x the embedded prompt (of an encoder–decoder the source), x' the mean embedding at every position; positions stay. The
 * path is cut finer where the slope turns, until the parts add up to F(x) − F(x') within 0.1 % (or 0.001 if that is more).
 * Errors: PROMPT_TOO_LONG. Source: Sundararajan, Taly and Yan 2017, arXiv 1703.01365.
 */
export async function integratedGradients(
  model: InterpretedModel,
  ids: readonly number[],
  choice: Choice,
  { mostPoints = 2000, beside = {} }: { readonly mostPoints?: number; readonly beside?: Beside } = {},
): Promise<Attribution> {
  checkPrompt(model, ids);
  const time = ids.length;
  const single = logitsGraph(model, ids, 1, beside);
  const width = single.types[valueNamed(single, embeddedName(single))]?.shape.at(-1) ?? 1;
  const rows = rowsAtOnce(single, 8);
  const run = compiled(model, slopeGraph(logitsGraph(model, ids, rows, beside)));
  const fixed = { ...promptInputs(model, ids, rows, beside), ...choiceInputs(choice, single) };
  const { embedded, mean } = embeddings(model, ids, width);
  const from = (i: number): number => mean[i % width] ?? 0;
  const along = embedded.map((value, i) => value - from(i));

  const batchOf = async (points: readonly number[]): Promise<readonly Sample[]> => {
    const fed = new Float32Array(rows * along.length);
    points.forEach((point, row) => {
      along.forEach((step, i) => {
        fed[row * along.length + i] = from(i) + point * step;
      });
    });
    const found = await run({ ...fixed, embedded: fed });
    const [chosen, slope] = [found('chosen'), found('slope')];
    return points.map((_, row) => {
      const parts = new Float64Array(time);
      along.forEach((step, i) => {
        const t = Math.floor(i / width);
        parts[t] = (parts[t] ?? 0) + step * (slope[row * along.length + i] ?? 0);
      });
      return { value: chosen[row] ?? Number.NaN, parts };
    });
  };
  const evaluate = async (points: readonly number[]): Promise<readonly Sample[]> => {
    const samples: Sample[] = [];
    for (let at = 0; at < points.length; at += rows) samples.push(...(await batchOf(points.slice(at, at + rows))));
    return samples;
  };

  const { parts, first, last, points } = await integrate(evaluate, { bound: boundOf, most: mostPoints });
  const total = parts.reduce((a, b) => a + b, 0);
  return {
    tokens: [...parts],
    value: last,
    baseline: first,
    error: Math.abs(total - (last - first)),
    bound: boundOf(last - first),
    points,
  };
}
