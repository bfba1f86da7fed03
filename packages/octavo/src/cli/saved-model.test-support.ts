/** A checkpoint as docs/architecture.md describes it, with random weights. For tests only. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../formats/index.js';
import { type GptConfig, gptParameters, initialValues } from '../models/index.js';
import type { RunFolder } from '../project/index.js';
import type { Tokenizer } from '../text/index.js';

export const savedModel = async (
  run: RunFolder,
  tokenizer: Pick<Tokenizer, 'vocabularySize' | 'hash'>,
  the: {
    readonly stage: 'pretrain' | 'finetune';
    readonly step: number;
    readonly tokenizerHash?: string;
    readonly depth?: number;
  },
): Promise<string> => {
  const { stage, step, tokenizerHash = tokenizer.hash, depth = 1 } = the;
  const model: GptConfig = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 64,
    depth,
    width: 32,
    heads: 2,
    keyValueHeads: 1,
    headWidth: 16,
    feedForwardWidth: 64,
    positions: 'rotary',
    rotaryBase: 10_000,
    norm: 'rms',
    normEpsilon: 1e-5,
    activation: 'relu-squared',
    biases: false,
    tiedEmbeddings: true,
    queryKeyNorm: true,
    outputBias: true,
    dropout: 0,
  };
  const path = join(run.artifact(stage), 'checkpoints', `step-${String(step).padStart(6, '0')}`);
  mkdirSync(path, { recursive: true });
  const weights = join(path, 'model.safetensors');
  await writeSafetensors(
    weights,
    gptParameters(model).map((spec, stream) => ({
      name: spec.path,
      dtype: 'F32' as const,
      shape: spec.shape,
      data: () => new Uint8Array(initialValues(spec, { seed: step, stream }).buffer),
    })),
  );
  const sha256 = createHash('sha256').update(readFileSync(weights)).digest('hex');
  const files = { 'model.safetensors': { bytes: statSync(weights).size, sha256 } };
  const head = { format: 'octavo-checkpoint', version: 1, step, model, tokenizerHash, lossScale: 1, skipped: 0 };
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...head, recipe: {}, files }));
  return path;
};
