import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventBody, type StepName, systemClock } from '../core/index.js';
import { writeTokenShard } from '../formats/index.js';
import { endOfText, type Tokenizer, trainTokenizer } from '../text/index.js';
import { kneserNey } from './kneser-ney.js';
import { countNgrams } from './ngram-counts.js';
import { evaluateSection } from './section.js';
import { seededRandom } from './seeded-random.js';
import { type Evaluation, type EvaluationModel, evaluateStep } from './step.js';

const words = 'the whale sea ship captain old white harpoon swims sails sees and under over of'.split(' ');
/** Text in which a word depends on the word before. */
const sentences = (seed: number, count: number): string => {
  const random = seededRandom(seed);
  let at = 0;
  return Array.from({ length: count }, () => {
    at = (at * 3 + Math.floor(random() * 4)) % words.length;
    return words[at];
  }).join(' ');
};
const chat = [
  ...['Paris', 'Rome', 'Bern', 'Oslo'].map((reference, n) => ({ family: 'capital', split: 'test', reference, n })),
  ...['abc', 'def'].map((reference, n) => ({ family: 'copy', split: 'test', reference, n })),
  { family: 'copy', split: 'train', reference: 'ghi', n: 9 },
].map(({ family, split, reference, n }) => ({
  family,
  split,
  reference,
  id: `${family}-${n}`,
  messages: [
    { role: 'user', content: `the ${family} of ${n}` },
    { role: 'assistant', content: reference },
  ],
}));

let folder: string;
let tokenizer: Tokenizer;
const artifact = (step: StepName) => join(folder, step);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-evaluate-'));
  for (const step of ['tokenizer', 'tokenize', 'collect', 'evaluate']) mkdirSync(join(folder, step));
  for (const path of [
    'pretrain/checkpoints/step-000900',
    'pretrain/checkpoints/step-001000',
    'finetune/checkpoints/step-000007',
  ])
    mkdirSync(join(folder, path), { recursive: true });
  const texts = { train: sentences(1, 20_000), validation: sentences(2, 3000), test: sentences(3, 500) };
  tokenizer = await trainTokenizer({ texts: [texts.train], vocabularySize: 300, pattern: 'gpt2', threads: 1 });
  writeFileSync(join(folder, 'tokenizer/tokenizer.json'), tokenizer.toJson());
  const end = tokenizer.idOfSpecial(endOfText) ?? 0;
  for (const [split, text] of Object.entries(texts)) {
    const all = Uint32Array.from([...tokenizer.encode(text), end]);
    // In two shards, as a large text would be.
    for (const [n, ids] of [all.subarray(0, 700), all.subarray(700)].entries())
      writeTokenShard(join(folder, `tokenize/${split}-0000${n}.tokens`), {
        ids,
        vocabularySize: tokenizer.vocabularySize,
        tokenizerHash: tokenizer.hash,
      });
  }
  writeFileSync(join(folder, 'collect/chat.jsonl'), chat.map((line) => `${JSON.stringify(line)}\n`).join(''));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A bigram as the model: a real one, with known bits. It answers questions from a table that holds all capitals but Oslo. */
async function bigram(): Promise<EvaluationModel> {
  const ids = tokenizer.encode(sentences(1, 20_000));
  const { probability } = kneserNey(countNgrams(ids, { vocabularySize: tokenizer.vocabularySize, maximumOrder: 2 }), 2);
  return {
    tokenNats: async (text) =>
      Float64Array.from(text.subarray(1), (id, i) => -Math.log(probability([text[i] ?? 0], id))),
    generator: {
      contextLength: 256,
      slots: 3,
      async *generate({ prompt, maxTokens }) {
        expect(maxTokens).toBeLessThanOrEqual(256 - prompt.length);
        const asked = tokenizer.decode(prompt);
        const known = chat.find(({ messages }) => asked.includes(messages[0]?.content ?? '-'));
        const text =
          known === undefined
            ? 'I do not know'
            : known.family === 'capital' && known.reference !== 'Oslo'
              ? known.reference
              : '?';
        for (const character of ` ${text}`) yield { kind: 'token', text: character } as const;
        yield { kind: 'end', text: '' } as const;
      },
    },
    close: async () => undefined,
  };
}

const run = async (signal: AbortSignal, section: unknown = {}) => {
  const events: EventBody[] = [];
  const loaded: string[] = [];
  const step = evaluateStep({
    loadModel: (path) => {
      loaded.push(path);
      return bigram();
    },
  });
  const outcome = await step.run({
    section: evaluateSection.parse(section),
    folder: join(folder, 'evaluate'),
    artifact,
    projectFolder: folder,
    cacheFolder: folder,
    clock: systemClock,
    signal,
    emit: (event) => events.push(event),
  });
  return { outcome, events, loaded };
};

describe('evaluateStep', () => {
  it('measures model and baselines on the same bytes, and answers by family', async () => {
    const { outcome, events, loaded } = await run(new AbortController().signal, { questions: ['the capital of 0'] });
    expect(outcome.kind).toBe('done');
    expect(loaded.map((path) => path.slice(folder.length + 1))).toEqual([
      'pretrain/checkpoints/step-001000',
      'finetune/checkpoints/step-000007',
    ]);
    const evaluation: Evaluation = JSON.parse(readFileSync(join(folder, 'evaluate/evaluation.json'), 'utf8'));
    const { bitsPerByte, model, heldOut, answers } = evaluation;
    expect(heldOut).toMatchObject({ split: 'validation', bytes: Buffer.byteLength(sentences(2, 3000)) });
    // The model is the bigram baseline, but for the first token and the end of the training text.
    expect(bitsPerByte.model).toBeCloseTo(bitsPerByte.bigram, 2);
    expect(bitsPerByte.finetuned).toBe(bitsPerByte.model);
    expect(model.low).toBeLessThan(bitsPerByte.model);
    expect(model.high).toBeGreaterThan(bitsPerByte.model);
    // Two bits a word of 4.2 bytes and a space are the entropy of the source.
    expect(bitsPerByte.trigram).toBeGreaterThan(0.35);
    expect(bitsPerByte.bigram).toBeLessThan(0.5);
    expect(bitsPerByte.unigram).toBeGreaterThan(bitsPerByte.bigram * 1.5);
    if (bitsPerByte.xz === null) console.warn(`skipped: ${evaluation.xz.kind === 'absent' ? evaluation.xz.why : ''}`);
    else expect(bitsPerByte.xz).toBeGreaterThan(bitsPerByte.bigram);
    expect(evaluation.chat['capital']).toMatchObject({ n: 4, right: 3, rate: 0.75 });
    expect(evaluation.chat['capital']?.examples.slice(0, 2).map(({ right }) => right)).toEqual([false, true]);
    expect(evaluation.chat['copy']).toMatchObject({ n: 2, right: 0, low: 0 });
    expect(answers).toEqual([{ question: 'the capital of 0', answer: 'Paris' }]);
    expect(events.filter(({ kind }) => kind === 'progress').at(-1)).toMatchObject({ done: 10, total: 10 });
  });

  it('stops when told to, and writes nothing', async () => {
    const { outcome } = await run(AbortSignal.abort());
    expect(outcome.kind).toBe('interrupted');
    expect(() => readFileSync(join(folder, 'evaluate/evaluation.json'))).toThrow();
  });

  it('says what is missing', async () => {
    rmSync(join(folder, 'pretrain'), { recursive: true });
    await expect(run(new AbortController().signal)).rejects.toMatchObject({ code: 'CHECKPOINT_ABSENT' });
    writeFileSync(join(folder, 'collect/chat.jsonl'), '{"family": "capital"}\n');
    await expect(run(new AbortController().signal)).rejects.toThrow(
      /chat\.jsonl:1: a conversation is not as it should be/,
    );
    rmSync(join(folder, 'tokenize/validation-00000.tokens'));
    rmSync(join(folder, 'tokenize/validation-00001.tokens'));
    await expect(run(new AbortController().signal)).rejects.toThrow(/no validation/);
  });
});
