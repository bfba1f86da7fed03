import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../formats/index.js';
import { tinyTokenizer } from '../generation/tiny-generator.test-support.js';
import { type GptConfig, gptParameters, initialValues } from '../models/index.js';
import { cacheFolderOf, openServedModel } from '../pipeline/index.js';
import { openRunFolder, parseRunName, type RunFolder } from '../project/index.js';
import type { Tokenizer } from '../text/index.js';
import { runCommandLine } from './program.js';
import { surroundings } from './surroundings.test-support.js';

let folder: string;
let run: RunFolder;
let tokenizer: Tokenizer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-serve-model-'));
  writeFileSync(join(folder, 'octavo.yaml'), '');
  run = openRunFolder(folder, parseRunName('main'));
  writeFileSync(run.events, '');
  tokenizer = await tinyTokenizer();
  mkdirSync(run.artifact('tokenizer'));
  writeFileSync(join(run.artifact('tokenizer'), 'tokenizer.json'), tokenizer.toJson());
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A checkpoint as docs/architecture.md describes it, with random weights. */
const checkpoint = async (stage: 'pretrain' | 'finetune', step: number, tokenizerHash: string): Promise<string> => {
  const model: GptConfig = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 64,
    depth: 1,
    width: 32,
    heads: 1,
    keyValueHeads: 1,
    headWidth: 32,
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

const open = () => openServedModel(run, { project: 'pets', cacheFolder: cacheFolderOf(folder), slots: 2 });

describe('the model to serve', () => {
  it('is refused before there is one', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'CHECKPOINT_ABSENT', remedy: 'train it: octavo run' });
  });

  it('is refused with another tokenizer than it was trained with', async () => {
    await checkpoint('finetune', 7, 'ab'.repeat(32));
    await expect(open()).rejects.toMatchObject({ code: 'TOKENIZER_MISMATCH' });
  });

  it('is the newest fine-tuned one that is whole, else the newest pretrained one; `chat` asks it', async () => {
    const pretrained = await checkpoint('pretrain', 900, tokenizer.hash);
    const first = await open();
    expect(first).toMatchObject({ name: 'pets', stage: 'pretrain', checkpoint: pretrained, skipped: [] });
    const tuned = await checkpoint('finetune', 7, tokenizer.hash);
    const broken = await checkpoint('finetune', 8, tokenizer.hash);
    writeFileSync(join(broken, 'model.safetensors'), 'cut');
    const second = await open();
    expect(second).toMatchObject({ stage: 'finetune', checkpoint: tuned });
    expect(second.skipped).toHaveLength(1);
    await Promise.all([first.model.generator.close(), second.model.generator.close()]);

    const ask = async () => {
      const around = surroundings(folder);
      const line = ['chat', '--message', 'The whale', '--seed', '3', '--max-tokens', '8', '--json'];
      expect(await runCommandLine(line, around), around.said()).toBe(0);
      return JSON.parse(around.printed()) as Readonly<Record<string, unknown>>;
    };
    const answer = await ask();
    expect(answer).toMatchObject({ reason: expect.stringMatching(/^(stop|length)$/) });
    expect(await ask()).toEqual(answer);

    const around = surroundings(folder);
    expect(await runCommandLine(['chat', '--message', 'The whale swims. '.repeat(60)], around)).toBe(2);
    expect(around.said()).toContain('PROMPT_TOO_LONG');
  });
});
