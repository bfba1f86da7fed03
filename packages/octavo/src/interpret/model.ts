/** A model opened for looking inside: its graph, the names of its values, and runs of it. */
import { type Backend, type DeviceBuffer, type Graph, type HostArray, input, trace } from '@octavo/engine';
import { fail } from '../core/index.js';
import { type GptConfig, gptLogits, gptParameters } from '../models/index.js';

// B batch, T time, V vocabulary

/** Weights in float32, so that what is shown is what the model computes; a `LoadedModel` of generation is one. */
export interface InterpretedModel {
  readonly backend: Backend;
  readonly config: GptConfig;
  readonly parameters: ReadonlyMap<string, DeviceBuffer>;
}

/** tokens, positions: int32 [B, T] → output `logits` [B, T, V]: the model function as it is, ready to be tapped and patched. */
export const logitsGraph = (config: GptConfig, batch: number, time: number): Graph =>
  trace((building) => {
    const ids = (name: string) => input(building, name, { dtype: 'int32', shape: [batch, time] });
    const parameters = new Map(
      gptParameters(config).map(({ path, shape }) => [
        path,
        input(building, `parameter:${path}`, { dtype: 'float32', shape }),
      ]),
    );
    return {
      outputs: { logits: gptLogits(config, parameters, { tokens: ids('tokens'), positions: ids('positions') }) },
    };
  });

/** Names of a GPT's values in its graph, as `valueNamed` of the engine reads them. */
export const valuesOf = (config: GptConfig) => ({
  /** The embedded tokens [B, T, D], before positions are added. */
  embedded: '/embedding',
  /** The residual stream [B, T, D] before block `layer`; with `depth` for it, after the last block. */
  residual: (layer: number): string =>
    layer === 0 ? `blocks.0.attention/${config.norm === 'layer' ? 'layerNorm' : 'rmsNorm'}.x` : `blocks.${layer - 1}`,
  /** Queries, keys and values as they meet: normalised and rotated. */
  queriesKeysValues: (layer: number): string => `blocks.${layer}.attention/attention.qkv`,
  /** log Σ exp of each query's scores [B, H, T]. */
  logSum: (layer: number): string => `blocks.${layer}.attention/attention.logSum`,
  /** What attention adds to the stream [B, T, D]. */
  attention: (layer: number): string => `blocks.${layer}.attention`,
  /** What the feed-forward part adds to the stream [B, T, D]. */
  feedForward: (layer: number): string => `blocks.${layer}.feedForward/linear:-1`,
  /** Logits [B, T, V]. */
  logits: 'head',
});

/** Refuses a prompt that the model cannot read. Errors: PROMPT_TOO_LONG. */
export function checkPrompt({ contextLength, vocabularySize }: GptConfig, ids: readonly number[]): void {
  if (ids.length === 0 || ids.length > contextLength)
    throw fail('PROMPT_TOO_LONG', {
      what: `a prompt has 1 to ${contextLength} tokens; this one has ${ids.length}`,
      remedy: ids.length === 0 ? 'write a prompt' : 'shorten it',
    });
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (bad !== undefined)
    throw fail('PROMPT_TOO_LONG', {
      what: `token ${bad} is not in the vocabulary of ${vocabularySize}`,
      remedy: 'encode the prompt with the tokenizer of this model',
    });
}

/** The same prompt in each row of a batch, with its positions. */
export const promptInputs = (ids: readonly number[], batch = 1) => ({
  tokens: Int32Array.from({ length: batch * ids.length }, (_, i) => ids[i % ids.length] ?? 0),
  positions: Int32Array.from({ length: batch * ids.length }, (_, i) => i % ids.length),
});

/** Compiles a graph made from `logitsGraph` once, to be run with other numbers. */
export function compiled(
  { backend, parameters }: InterpretedModel,
  graph: Graph,
): (inputs: Readonly<Record<string, ArrayLike<number>>>) => Promise<(name: string) => HostArray> {
  const executable = backend.compile(graph, { precision: 'float32' });
  const bound = Object.fromEntries([...parameters].map(([path, buffer]) => [`parameter:${path}`, buffer]));
  return async (inputs) => {
    const results = await backend.run(executable, { ...bound, ...inputs });
    return (name) => {
      const found = results[name];
      if (found === undefined)
        throw fail('INTERNAL', { what: `the graph has no output ${name}`, remedy: 'please report it' });
      return found;
    };
  };
}
