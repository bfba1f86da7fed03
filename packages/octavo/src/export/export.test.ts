// Every export of small random models, run by readers that are not ours: ONNX Runtime always, transformers where it is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseIsa, nativeBackend } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../formats/index.js';
import { type GptConfig, gptParameters, initialValues } from '../models/index.js';
import { endOfText, endOfTurn, huggingFaceTokenizerConfig, trainTokenizer } from '../text/index.js';
import { architectureOf } from './architecture.js';
import { type ExportSource, exportStep } from './step.js';

const base: GptConfig = {
  vocabularySize: 300,
  contextLength: 96,
  depth: 2,
  width: 32,
  heads: 4,
  keyValueHeads: 4,
  headWidth: 8,
  feedForwardWidth: 64,
  positions: 'rotary',
  rotaryBase: 10000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: false,
  queryKeyNorm: false,
  outputBias: false,
  dropout: 0,
};
const models: Readonly<Record<string, GptConfig>> = {
  'Llama with grouped queries': { ...base, keyValueHeads: 2 },
  'Llama with biases': { ...base, biases: true, tiedEmbeddings: true },
  'Qwen3 with ReLU²': { ...base, activation: 'relu-squared', queryKeyNorm: true, tiedEmbeddings: true },
  'GPT-2': {
    ...base,
    positions: 'learned',
    norm: 'layer',
    activation: 'gelu-tanh',
    biases: true,
    tiedEmbeddings: true,
  },
};

const experts = {
  count: 4,
  active: 2,
  capacityFactor: 1,
  scoring: 'softmax',
  normalise: true,
  balance: 0.01,
  routerZ: 0.001,
} as const;
/** Which ONNX cannot say. */
const mixtures: Readonly<Record<string, GptConfig>> = {
  Mixtral: { ...base, keyValueHeads: 2, tiedEmbeddings: true, experts },
  'Qwen3-MoE': { ...base, queryKeyNorm: true, experts: { ...experts, normalise: false } },
};

const text = 'The whale is a large animal of the sea, and the sea is large. '.repeat(40);

async function sourceOf(config: GptConfig, folder: string): Promise<ExportSource> {
  const tokenizer = await trainTokenizer({
    texts: [text],
    vocabularySize: config.vocabularySize,
    pattern: 'gpt2',
    threads: 1,
  });
  const tokenizerPath = join(folder, 'tokenizer.json');
  writeFileSync(tokenizerPath, tokenizer.toJson());
  const weightsPath = join(folder, 'model.safetensors');
  const own = { ...config, vocabularySize: tokenizer.vocabularySize };
  const tensors = gptParameters(own).map((spec, stream) => {
    const values = initialValues(spec, { seed: 3, stream }).map((value, i) =>
      spec.role === 'vector' ? value + 0.1 * Math.sin(i + stream) : value * 8,
    );
    return { name: spec.path, dtype: 'F32' as const, shape: spec.shape, data: new Uint8Array(values.buffer) };
  });
  await writeSafetensors(weightsPath, tensors);
  const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
  return {
    weightsPath,
    config: own,
    load: (weights) => ({
      backend,
      precision: 'float32',
      config: own,
      parameters: new Map(
        gptParameters(own).map(({ path, shape }) => [
          path,
          backend.allocate({ dtype: 'float32', shape }, weights.get(path).data),
        ]),
      ),
    }),
    tokenizer: {
      decode: (ids) => tokenizer.decode(ids),
      endOfText: tokenizer.idOfSpecial(endOfText),
      endOfTurn: tokenizer.idOfSpecial(endOfTurn),
      config: (contextLength) => huggingFaceTokenizerConfig(tokenizer, { contextLength }),
    },
    tokenizerPath,
    heldOut: tokenizer.encode(text),
  };
}

async function exported(config: GptConfig) {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-export-'));
  mkdirSync(join(folder, 'out'));
  const source = await sourceOf(config, folder);
  const step = exportStep(async () => source);
  const warnings: string[] = [];
  const outcome = await step.run({
    section: { huggingFace: true, onnx: true, weights: 'trained', checkPrompts: 20 },
    folder: join(folder, 'out'),
    artifact: () => folder,
    projectFolder: folder,
    cacheFolder: folder,
    emit: (event) => {
      if (event.kind === 'warning') warnings.push(event.text);
    },
    clock: { now: () => 0 },
    signal: new AbortController().signal,
  });
  return { folder: join(folder, 'out'), outcome, warnings };
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const pythons = [join(root, 'bench/.venv/bin/python'), 'python3'];
const python = pythons.find(
  (command) =>
    (command === 'python3' || existsSync(command)) &&
    spawnSync(command, ['-c', 'import transformers, torch']).status === 0,
);
if (python === undefined)
  console.warn(
    'SKIPPED: exports are not held to transformers, which is not installed (node bench/peers.mjs installs it)',
  );

describe.each(Object.entries({ ...models, ...mixtures }))('%s', (_, config) => {
  it('gives our logits to 1e-4 and our greedy texts in ONNX Runtime, and when the folder is read back', async () => {
    const { folder, outcome, warnings } = await exported(config);
    expect(warnings).toEqual(
      config.experts === undefined ? [] : ['no model.onnx: ONNX has no operator for a mixture of experts'],
    );
    expect(existsSync(join(folder, 'model.onnx'))).toBe(config.experts === undefined);
    expect(outcome).toMatchObject({
      kind: 'done',
      summary: {
        ...(config.experts === undefined ? { onnx: { kind: 'checked', prompts: 20, greedyEqual: 20 } } : {}),
        huggingFace: { kind: 'checked', greedyEqual: 20 },
      },
    });
    expect(JSON.parse(readFileSync(join(folder, 'huggingface', 'config.json'), 'utf8')).model_type).toBe(
      architectureOf(config),
    );
  });

  it.skipIf(python === undefined)(
    'gives our logits to 1e-3 and our greedy texts in transformers',
    async () => {
      const { folder } = await exported(config);
      const result = spawnSync(
        python ?? '',
        [join(root, 'scripts/golden/onnx-hf-check.py'), join(folder, 'huggingface'), join(folder, 'cases.json')],
        { encoding: 'utf8' },
      );
      expect(result.status, result.stdout + result.stderr).toBe(0);
    },
    120_000,
  );
});

it('names what keeps a model from every architecture', () => {
  expect(() => architectureOf({ ...base, outputBias: true })).toThrow(
    'nearest is llama: there may be no outputBias [EXPORT_UNSUPPORTED]',
  );
  expect(() => architectureOf({ ...base, experts: { ...experts, scoring: 'sigmoid' } })).toThrow(
    'experts.scoring must be softmax [EXPORT_UNSUPPORTED]',
  );
});
