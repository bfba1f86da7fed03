import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/index.js';
import { writeSafetensors } from '../formats/index.js';
import type { LoadedModel } from '../generation/index.js';
import type { Step, StepContext } from '../project/index.js';
import { checkOnnx, compare, type ExportCheck } from './check.js';
import { type Continuation, continuations } from './greedy.js';
import { huggingFaceConfig, huggingFaceTensors } from './hugging-face.js';
import { onnxGpt } from './onnx-gpt.js';
import { readHuggingFace } from './read-hugging-face.js';
import type { ExportSection } from './section.js';
import { readWeights, type Weights } from './weights.js';

/** The tokenizer, as far as an export needs it. */
export interface ExportTokenizer {
  readonly decode: (ids: readonly number[]) => string;
  readonly endOfText: number | undefined;
  readonly endOfTurn: number | undefined;
  /** `tokenizer_config.json`, with the chat template. */
  readonly config: (contextLength: number) => Readonly<Record<string, unknown>>;
}

/** What the pipeline hands in: models are loaded, and text is read, by other rooms. */
export interface ExportSource {
  /** The checkpoint's model.safetensors and its model. */
  readonly weightsPath: string;
  readonly config: LoadedModel['config'];
  /** Loads weights in float32 for a comparison. */
  readonly load: (weights: Weights) => LoadedModel;
  readonly tokenizer: ExportTokenizer;
  readonly tokenizerPath: string;
  /** Held-out token ids to compare on. */
  readonly heldOut: Uint32Array;
}

const newTokens = 16;

/** Prompts of 8 to 64 tokens, spread over the held-out text. */
function promptsOf(heldOut: Uint32Array, count: number, contextLength: number): readonly (readonly number[])[] {
  const longest = Math.min(64, contextLength - newTokens - 1);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * Math.max(0, heldOut.length - longest)) / count);
    return Array.from(heldOut.subarray(from, from + Math.max(1, Math.min(longest, 8 + 4 * i))));
  }).filter((ids) => ids.length > 0);
}

async function writeHuggingFace(
  folder: string,
  weights: Weights,
  source: ExportSource,
  ours: readonly Continuation[],
): Promise<ExportCheck> {
  mkdirSync(folder, { recursive: true });
  const { tokenizer } = source;
  const json = (name: string, value: unknown): void =>
    writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  const ids = { endOfText: tokenizer.endOfText, endOfTurn: tokenizer.endOfTurn };
  json('config.json', huggingFaceConfig(weights.config, ids));
  json('generation_config.json', {
    bos_token_id: ids.endOfText,
    eos_token_id: [ids.endOfTurn, ids.endOfText].filter((id) => id !== undefined),
    pad_token_id: ids.endOfText,
  });
  json('tokenizer_config.json', tokenizer.config(weights.config.contextLength));
  copyFileSync(source.tokenizerPath, join(folder, 'tokenizer.json'));
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, huggingFaceTensors(weights), { format: 'pt' });
  const theirs = await continuations(
    source.load(readHuggingFace(path, weights.config)),
    ours.map(({ ids: prompt }) => prompt),
    newTokens,
  );
  return compare(folder, 'the folder read back', ours, theirs, 1e-5);
}

async function exportAll(context: StepContext<ExportSection>, source: ExportSource) {
  const { section, folder, emit } = context;
  const onnx = section.onnx && source.config.experts === undefined;
  if (section.onnx && !onnx)
    emit({ kind: 'warning', step: 'export', text: 'no model.onnx: ONNX has no operator for a mixture of experts' });
  const weights = readWeights(source.weightsPath, source.config);
  const total = 1 + Number(section.huggingFace) + Number(onnx);
  let done = 0;
  const told = (note: string): void =>
    emit({ kind: 'progress', step: 'export', done: done++, total, unit: 'formats', note });
  told('our own logits');
  const ours = await continuations(
    source.load(weights),
    promptsOf(source.heldOut, section.checkPrompts, source.config.contextLength),
    newTokens,
  );
  const summary: Record<string, unknown> = {};
  // Other programs stop at an end token, so the texts for them do too.
  const ends = [source.tokenizer.endOfTurn, source.tokenizer.endOfText];
  const untilEnd = (ids: readonly number[]): readonly number[] => {
    const end = ids.findIndex((id) => ends.includes(id));
    return end < 0 ? ids : ids.slice(0, end);
  };
  const cases = ours.map(({ ids, logits, greedyIds }) => ({
    ids,
    logits: [Array.from(logits)],
    greedyIds: untilEnd(greedyIds),
    greedyText: source.tokenizer.decode(untilEnd(greedyIds)),
  }));
  writeFileAtomic(join(folder, 'cases.json'), `${JSON.stringify({ cases })}\n`);
  if (section.huggingFace) {
    told('Hugging Face folder');
    summary['huggingFace'] = await writeHuggingFace(join(folder, 'huggingface'), weights, source, ours);
  }
  if (onnx) {
    told('ONNX');
    const path = join(folder, 'model.onnx');
    writeFileAtomic(path, onnxGpt(weights));
    const check = await checkOnnx(path, source.config, ours, newTokens);
    if (check.kind === 'unchecked') emit({ kind: 'warning', step: 'export', text: check.why });
    summary['onnx'] = check;
  }
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

/** Writes the formats that others run and compares each with our logits before it counts as done. */
export const exportStep = (
  open: (context: StepContext<ExportSection>) => Promise<ExportSource>,
): Step<ExportSection> => ({
  name: 'export',
  version: 1,
  inputs: ['tokenizer', 'tokenize', 'finetune'],
  run: async (context) => ({ kind: 'done', summary: await exportAll(context, await open(context)) }),
});
