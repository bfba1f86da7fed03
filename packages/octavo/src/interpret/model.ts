/** A model opened for looking inside: its graph, the names of its values, and runs of it. */
import { type Backend, type DeviceBuffer, type Graph, type HostArray, product } from '@octavo/engine';
import { fail } from '../core/index.js';
import { type ArchitectureName, functionOf, type GptConfig, type Model, madeUp, outputGraph } from '../models/index.js';

// B batch, T time, V vocabulary

/** Any model of the models room. Weights in float32, so that what is shown is what the model computes. */
export interface InterpretedModel<A extends ArchitectureName = ArchitectureName> {
  readonly backend: Backend;
  readonly model: Model<A>;
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
}

/**
 * Inputs beside the prompt, by name, where they are not those of one whole text: `said` of an encoder–decoder, which
 * otherwise says the prompt, or `segments`.
 */
export type Beside = Readonly<Record<string, readonly number[]>>;

/** The model function as it is, ready to be tapped and patched: rows of prompts → output `logits`. */
export const logitsGraph = (
  { model }: InterpretedModel,
  ids: readonly number[],
  rows = 1,
  beside: Beside = {},
): Graph => outputGraph(functionOf(model), sizeOf(ids, rows, beside));

const sizeOf = (ids: readonly number[], rows: number, { said = ids }: Beside) => ({
  sequences: rows,
  length: ids.length,
  said: said.length,
});

/** What all architectures call the scores that they end with: [B, T, V], or [B, C] of a classifier of texts. */
export const logits = 'head';

/** Names of a GPT's values in its graph, as `valueNamed` of the engine reads them. */
export const valuesOf = (config: GptConfig) => ({
  /** The residual stream [B, T, D] before block `layer`; with `depth` for it, after the last block. */
  residual: (layer: number): string =>
    layer === 0 ? `blocks.0.attention/${config.norm === 'layer' ? 'layerNorm' : 'rmsNorm'}.x` : `blocks.${layer - 1}`,
  /** What attention adds to the stream [B, T, D]. */
  attention: (layer: number): string => `blocks.${layer}.attention`,
  /** What the feed-forward part adds to the stream [B, T, D]. */
  feedForward: (layer: number): string => `blocks.${layer}.feedForward/linear:-1`,
});

/** The name of the embedded tokens [B, T, D] of the prompt, before positions are added. */
export function embeddedName(graph: Graph): string {
  const table = graph.inputs.find(({ name }) => name === 'parameter:embedding.token')?.value;
  const lookups = graph.nodes.filter(({ kind, path }) => kind === 'embedding' && path === '');
  return `/embedding:${lookups.findIndex(({ inputs }) => inputs[0] === table)}`;
}

/** Refuses a prompt that the model cannot read. Errors: PROMPT_TOO_LONG. */
export function checkPrompt({ model }: InterpretedModel, ids: readonly number[]): void {
  const { longest = Number.POSITIVE_INFINITY, inputs } = functionOf(model);
  if (ids.length === 0 || ids.length > longest)
    throw fail('PROMPT_TOO_LONG', {
      what: `a prompt has 1 to ${longest} tokens; this one has ${ids.length}`,
      remedy: ids.length === 0 ? 'write a prompt' : 'shorten it',
    });
  const read = Object.values(inputs({ sequences: 1, length: 1 })).find(({ holds }) => holds === 'tokens');
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= (read?.count ?? 0));
  if (bad !== undefined)
    throw fail('PROMPT_TOO_LONG', {
      what: `token ${bad} is not in the vocabulary of ${read?.count ?? 0}`,
      remedy: 'encode the prompt with the tokenizer of this model',
    });
}

/** The same prompt in each row of a batch, with all else that the model is given. */
export function promptInputs({ model }: InterpretedModel, ids: readonly number[], rows = 1, beside: Beside = {}) {
  const specs = Object.entries(functionOf(model).inputs(sizeOf(ids, rows, beside)));
  return Object.fromEntries(
    specs.map(([name, spec]) => {
      const own = beside[name] ?? (spec.holds === 'tokens' ? ids : undefined);
      if (own === undefined) return [name, madeUp(spec)];
      return [name, Int32Array.from({ length: product(spec.type.shape) }, (_, i) => own[i % own.length] ?? 0)];
    }),
  );
}

/** Compiles a graph made from `logitsGraph` once, to be run with other numbers. */
export function compiled(
  { backend, parameters }: Pick<InterpretedModel, 'backend' | 'parameters'>,
  graph: Graph,
): (inputs: Readonly<Record<string, ArrayLike<number>>>) => Promise<(name: string) => HostArray> {
  const executable = backend.compile(graph, { precision: 'float32' });
  const bound = Object.fromEntries([...parameters].map(([path, buffer]) => [`parameter:${path}`, buffer]));
  const read = new Set(executable.graph.inputs.map(({ name }) => name));
  const known = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => read.has(name)));
  return async (inputs) => {
    const results = await backend.run(executable, { ...known(bound), ...known(inputs) });
    return (name) => {
      const found = results[name];
      if (found === undefined)
        throw fail('INTERNAL', { what: `the graph has no output ${name}`, remedy: 'please report it' });
      return found;
    };
  };
}
