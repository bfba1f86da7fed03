import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tinyTokenizer } from '../generation/tiny-generator.test-support.js';
import { cacheFolderOf, openServedModel } from '../pipeline/index.js';
import { openRunFolder, parseRunName, type RunFolder } from '../project/index.js';
import type { Tokenizer } from '../text/index.js';
import { runCommandLine } from './program.js';
import { savedModel } from './saved-model.test-support.js';
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

const checkpoint = (stage: 'pretrain' | 'finetune', step: number, tokenizerHash: string): Promise<string> =>
  savedModel(run, tokenizer, { stage, step, tokenizerHash });

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
