import { extend, type Graph, input, only, patch, select, tap } from '@octavo/engine';
import { fail } from '../core/index.js';
import type { GptConfig } from '../models/index.js';
import { choiceInputs, chosenLogit, rowsAtOnce } from './chosen-logit.js';
import { checkPrompt, compiled, type InterpretedModel, logits, logitsGraph, promptInputs, valuesOf } from './model.js';

// A patched runs side by side, T time, D width

/** What is patched: the residual stream before each block and after the last, or what a part of each block adds to it. */
export const sites = ['residual', 'attention', 'feedForward'] as const;
export type Site = (typeof sites)[number];

export interface PatchingRequest {
  readonly clean: readonly number[];
  /** As many tokens as `clean`. */
  readonly corrupted: readonly number[];
  /** The clean prompt's answer, and the corrupted one's. */
  readonly target: number;
  readonly other: number;
  /** Names of values [B, T, D], one a layer: `siteNames` of a GPT, or any of a graph. */
  readonly names: readonly string[];
}

export interface Patching {
  /** Logit of `target` less that of `other`. */
  readonly cleanDifference: number;
  readonly corruptedDifference: number;
  /**
   * [layer][position]: how much of the way from the corrupted difference to the clean one comes back when the corrupted
   * run gets the clean run's values there. 0 nothing, 1 all.
   */
  readonly recovered: readonly (readonly number[])[];
}

/** The names of a site in each layer of a GPT. */
export const siteNames = (config: GptConfig, site: Site): readonly string[] => {
  const names = valuesOf(config);
  if (site === 'residual') return Array.from({ length: config.depth + 1 }, (_, layer) => names.residual(layer));
  return Array.from({ length: config.depth }, (_, layer) => names[site](layer));
};

/** Each named value v becomes `where:i` > 0 ? `donor:i` : v, with where [A, T, 1] and donor [1, T, D] as further inputs. */
export const patchable = (graph: Graph, names: readonly string[]): Graph =>
  names.reduce(
    (before, name, i) =>
      patch(before, name, (value, trace) => {
        const [rows = 1, time = 1, width = 1] = value.shape;
        const where = input(trace, `where:${i}`, { dtype: 'float32', shape: [rows, time, 1] });
        return select(where, input(trace, `donor:${i}`, { dtype: 'float32', shape: [1, time, width] }), value);
      }),
    graph,
  );

const checkRequest = (model: InterpretedModel, { clean, corrupted, target, other }: PatchingRequest): void => {
  checkPrompt(model, clean);
  checkPrompt(model, corrupted);
  if (clean.length !== corrupted.length)
    throw fail('PROMPTS_DIFFER', {
      what: `the clean prompt has ${clean.length} tokens and the corrupted one ${corrupted.length}: positions would not correspond`,
      remedy: 'change words for words of as many tokens',
    });
  if (target === other)
    throw fail('PROMPTS_DIFFER', {
      what: 'both prompts lead to the same next token, so there is no difference to recover',
      remedy: 'choose another corrupted prompt, or name the two answers',
    });
};

/**
 * Activation patching: runs the corrupted prompt with one value, at one layer and position, taken from the clean run.
 * Errors: PROMPT_TOO_LONG, PROMPTS_DIFFER. Source: Meng et al. 2022, arXiv 2202.05262; Heimersheim and Nanda 2024, 2404.15255.
 */
export async function activationPatching(model: InterpretedModel, request: PatchingRequest): Promise<Patching> {
  checkRequest(model, request);
  const { clean, corrupted, target, other, names } = request;
  const time = clean.length;
  const single = logitsGraph(model, clean);
  const rows = rowsAtOnce(single, Math.min(time, 16));
  const ask = (graph: Graph): Graph => extend(graph, (trace, at) => ({ chosen: chosenLogit(trace, at(logits)) }));
  const chosen = choiceInputs({ target, other }, single);

  const donors = await compiled(model, only(tap(single, names), names))(promptInputs(model, clean));
  const run = compiled(model, only(ask(patchable(logitsGraph(model, clean, rows), names)), ['chosen']));
  const nowhere = Object.fromEntries(
    names.flatMap((name, i) => [
      [`where:${i}`, new Float32Array(rows * time)],
      [`donor:${i}`, donors(name)],
    ]),
  );
  const differences = async (ids: readonly number[], patched: Readonly<Record<string, Float32Array>>) =>
    (await run({ ...promptInputs(model, ids, rows), ...chosen, ...nowhere, ...patched }))('chosen');

  const [cleanDifference = Number.NaN] = await differences(clean, {});
  const [corruptedDifference = Number.NaN] = await differences(corrupted, {});
  const recovered: number[][] = [];
  for (const layer of names.keys()) {
    const row: number[] = [];
    for (let from = 0; from < time; from += rows) {
      const where = new Float32Array(rows * time);
      for (let a = 0; a < rows && from + a < time; a++) where[a * time + from + a] = 1;
      const found = await differences(corrupted, { [`where:${layer}`]: where });
      for (let a = 0; a < rows && from + a < time; a++)
        row.push(((found[a] ?? Number.NaN) - corruptedDifference) / (cleanDifference - corruptedDifference));
    }
    recovered.push(row);
  }
  return { cleanDifference, corruptedDifference, recovered };
}
