import { readFileSync } from 'node:fs';
import { fail } from '../core/index.js';
import type { GptConfig } from '../models/index.js';
import { type Continuation, likeliest } from './greedy.js';
import { findOnnxRuntime, type OnnxRuntime } from './onnx-runtime.js';

/** How near an export came to the trained model. */
export type ExportCheck =
  | {
      readonly kind: 'checked';
      readonly by: string;
      readonly prompts: number;
      readonly worstLogit: number;
      readonly greedyEqual: number;
    }
  | { readonly kind: 'unchecked'; readonly why: string };

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < b.length; i++) worst = Math.max(worst, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? 0)));
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
};

/** Compares continuations of the export with ours. Errors: EXPORT_DIFFERS. */
export function compare(
  path: string,
  by: string,
  ours: readonly Continuation[],
  theirs: readonly Continuation[],
  tolerance: number,
): ExportCheck {
  const worstLogit = ours.reduce(
    (worst, { logits }, i) => Math.max(worst, difference(theirs[i]?.logits ?? [], logits)),
    0,
  );
  const greedyEqual = ours.filter(({ greedyIds }, i) =>
    greedyIds.every((id, k) => id === theirs[i]?.greedyIds[k]),
  ).length;
  if (worstLogit > tolerance || greedyEqual < ours.length)
    throw fail('EXPORT_DIFFERS', {
      what: `in ${by} its logits differ by up to ${worstLogit.toExponential(1)} (allowed ${tolerance}), and ${ours.length - greedyEqual} of ${ours.length} greedy texts differ`,
      where: path,
      remedy: 'do not ship it; please report it with the output of `octavo doctor`',
    });
  return { kind: 'checked', by, prompts: ours.length, worstLogit, greedyEqual };
}

/** One prompt through an ONNX session, with its cache. */
async function continueInOnnx(
  { Tensor, InferenceSession }: OnnxRuntime,
  model: Uint8Array,
  config: GptConfig,
  prompts: readonly (readonly number[])[],
  newTokens: number,
): Promise<readonly Continuation[]> {
  const session = await InferenceSession.create(model);
  const longs = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values.map(BigInt)), [1, values.length]);
  const found: Continuation[] = [];
  for (const ids of prompts) {
    let cache: Record<string, { readonly data: ArrayLike<number>; readonly dims: readonly number[] }> = {};
    for (let i = 0; i < config.depth; i++)
      for (const part of ['key', 'value'])
        cache[`past_key_values.${i}.${part}`] = new Tensor('float32', new Float32Array(), [
          1,
          config.keyValueHeads,
          0,
          config.headWidth,
        ]);
    let length = 0;
    const forward = async (tokens: readonly number[]): Promise<Float32Array> => {
      const results = await session.run({
        ...cache,
        input_ids: longs(tokens),
        position_ids: longs(tokens.map((_, i) => length + i)),
      });
      length += tokens.length;
      cache = Object.fromEntries(
        Object.entries(results)
          .filter(([name]) => name !== 'logits')
          .map(([name, value]) => [name.replace('present', 'past_key_values'), value]),
      );
      const logits = Float32Array.from(results['logits']?.data ?? []);
      return logits.slice(-config.vocabularySize);
    };
    const logits = await forward(ids);
    const greedyIds: number[] = [];
    let now = logits;
    while (greedyIds.length < newTokens) {
      greedyIds.push(likeliest(now));
      now = await forward(greedyIds.slice(-1));
    }
    found.push({ ids, logits, greedyIds });
  }
  return found;
}

/** Runs a written model.onnx in ONNX Runtime, where one is installed. Errors: EXPORT_DIFFERS. */
export async function checkOnnx(
  path: string,
  config: GptConfig,
  ours: readonly Continuation[],
  newTokens: number,
): Promise<ExportCheck> {
  const found = await findOnnxRuntime();
  if (found === undefined)
    return {
      kind: 'unchecked',
      why: 'no ONNX Runtime is installed: `npm install onnxruntime-node`, then `octavo run --from export`, compares it',
    };
  const theirs = await continueInOnnx(
    found.runtime,
    readFileSync(path),
    config,
    ours.map(({ ids }) => ids),
    newTokens,
  );
  return compare(path, found.name, ours, theirs, 1e-4);
}
