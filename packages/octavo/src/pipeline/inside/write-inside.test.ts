import { chooseIsa, nativeBackend } from '@octavo/engine';
import { expect, it } from 'vitest';
import { tinyTokenizer } from '../../generation/tiny-generator.test-support.js';
import { type GptConfig, gptParameters, initialValues } from '../../models/index.js';
import { markupOf } from '../report/html.js';
import { insideSection } from '../report/inside-section.js';
import { insideFile } from './file.js';
import { lookInside } from './write-inside.js';

const opened = async (config: Partial<GptConfig> = {}) => {
  const tokenizer = await tinyTokenizer();
  const model: GptConfig = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 32,
    depth: 2,
    width: 32,
    heads: 2,
    keyValueHeads: 2,
    headWidth: 16,
    feedForwardWidth: 64,
    positions: 'learned',
    rotaryBase: 10_000,
    norm: 'layer',
    normEpsilon: 1e-5,
    activation: 'gelu',
    biases: true,
    tiedEmbeddings: false,
    queryKeyNorm: false,
    outputBias: false,
    dropout: 0,
    ...config,
  };
  const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
  const parameters = new Map(
    gptParameters(model).map((spec, stream) => {
      const start = spec.role === 'vector' ? spec.start : ({ kind: 'normal', deviation: 0.3 } as const);
      const values = initialValues({ ...spec, start }, { seed: 1, stream });
      return [spec.path, backend.allocate({ dtype: 'float32', shape: spec.shape }, values)] as const;
    }),
  );
  return { tokenizer, model: { backend, model: { architecture: 'gpt', config: model } as const, parameters } };
};

const question = 'What is the capital of France?';
const others = [
  'What?',
  question,
  'The whale swims under the ship?',
  'What is the whale of France?',
  'What is the ship of France?',
];

it('looks inside at a question, finds another to patch with, and what it writes can be read and shown', async () => {
  const inside = await lookInside(await opened(), { question, others });
  const read = insideFile.parse(JSON.parse(JSON.stringify(inside)));
  expect(read).toEqual(inside);
  expect(read.patching?.corrupted).toMatch(/^What is the (whale|ship) of France\?$/);
  expect(read.attribution.error).toBeLessThanOrEqual(read.attribution.bound);
  expect(read.lens.layers).toHaveLength(3);
  const shown = (part: Parameters<typeof insideSection>[0]['inside']) =>
    markupOf(insideSection({ inside: part, evaluation: { kind: 'absent' } }).body);
  const markup = shown({ kind: 'read', value: read });
  expect(markup.match(/<svg/g)).toHaveLength(4);
  expect(markup).toContain('Share of the logit difference recovered');
  expect(shown({ kind: 'absent' })).toContain('the step evaluate has not finished');
});

it('leaves out what would not make a picture, and a question that does not fit the context', async () => {
  const many = await lookInside(await opened({ heads: 256, keyValueHeads: 256, headWidth: 2 }), {
    question,
    others: [],
  });
  expect(many?.attention).toBeUndefined();
  expect(many?.patching).toBeUndefined();
  expect(await lookInside(await opened({ contextLength: 8 }), { question, others })).toBeUndefined();
});
