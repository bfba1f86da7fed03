import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';
import type { Step, StepContext } from '../project/index.js';
import { loadTokenizer, type Tokenizer } from '../text/index.js';
import { type AnswerModel, answerAll } from './answer-model.js';
import { chatExactMatch, chatQuestion, type FamilyScore } from './chat-exact-match.js';
import { readChatTests } from './conversations.js';
import {
  type ModelBits,
  modelBits,
  type NgramBits,
  ngramBits,
  readSplit,
  streamText,
  textBytes,
} from './held-out-bits.js';
import type { EvaluateSection } from './section.js';
import { type XzResult, xzBaseline } from './xz-baseline.js';

/** A trained model, as evaluation sees it. */
export interface EvaluationModel {
  /** −ln p of `ids[1]`, `ids[2]`, …: one number fewer than ids. */
  readonly tokenNats: (ids: Uint32Array, signal: AbortSignal) => Promise<ArrayLike<number>>;
  readonly generator: AnswerModel;
  readonly close: () => Promise<void>;
}

export interface EvaluationDependencies {
  readonly loadModel: (checkpointFolder: string, signal: AbortSignal) => Promise<EvaluationModel>;
}

/** `evaluation.json`. */
export interface Evaluation {
  readonly heldOut: { readonly split: 'validation' | 'test'; readonly tokens: number; readonly bytes: number };
  /** What the n-grams and xz have read: all of the training text unless a limit says otherwise. */
  readonly baselineTokens: number;
  readonly bitsPerByte: NgramBits & {
    readonly model: number;
    readonly finetuned: number;
    /** null where xz did not run; `xz` below says why. */
    readonly xz: number | null;
  };
  readonly model: ModelBits;
  readonly finetuned: ModelBits;
  readonly xz: XzResult;
  readonly chat: Readonly<Record<string, FamilyScore>>;
  readonly answers: readonly { readonly question: string; readonly answer: string }[];
}

/** The newest of `checkpoints/step-NNNNNN`. Errors: CHECKPOINT_ABSENT. */
async function latestCheckpoint(artifact: string): Promise<string> {
  const folder = join(artifact, 'checkpoints');
  const names = await readdir(folder).catch(() => []);
  const steps = names.filter((name) => /^step-\d+$/.test(name));
  const newest = steps.toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5))).at(-1);
  if (newest !== undefined) return join(folder, newest);
  throw fail('CHECKPOINT_ABSENT', { what: 'there is no checkpoint', where: folder, remedy: 'train first: octavo run' });
}

async function withModel<Result>(
  { loadModel }: EvaluationDependencies,
  artifact: string,
  signal: AbortSignal,
  use: (model: EvaluationModel) => Promise<Result>,
): Promise<Result> {
  const model = await loadModel(await latestCheckpoint(artifact), signal);
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/** The parts that are measured one after another, besides the answers. */
const parts = 4;

async function evaluate(
  dependencies: EvaluationDependencies,
  context: StepContext<EvaluateSection>,
): Promise<Evaluation> {
  const { section, artifact, emit, signal } = context;
  const tokenizer: Tokenizer = await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json'));
  const bytesOf = textBytes(tokenizer);
  const heldOut = await readSplit(artifact('tokenize'), section.heldOut, { tokenizer });
  const training = await readSplit(artifact('tokenize'), 'train', { tokenizer, limit: section.ngramTokens });
  const tests = await readChatTests(join(artifact('collect'), 'chat.jsonl'), {
    split: 'test',
    perFamily: section.chatPerFamily,
  });
  const total = parts + tests.length;
  const told = (done: number, note: string) =>
    emit({ kind: 'progress', step: 'evaluate', done, total, unit: 'measurements', note });

  const measure = async (model: EvaluationModel): Promise<ModelBits> => {
    const nats = await model.tokenNats(heldOut, signal);
    signal.throwIfAborted();
    return modelBits(heldOut, nats, { bytesOf, seed: section.seed, samples: section.bootstrapSamples });
  };
  told(0, 'pretrained model');
  const model = await withModel(dependencies, artifact('pretrain'), signal, measure);
  told(1, 'n-grams');
  const ngrams = ngramBits(training, heldOut, { vocabularySize: tokenizer.vocabularySize, bytesOf });
  told(2, 'xz');
  const texts = { training: streamText(training, tokenizer), heldOut: streamText(heldOut, tokenizer) };
  const xz: XzResult = section.xz
    ? await xzBaseline({ ...texts, signal })
    : { kind: 'absent', why: 'switched off by evaluate.xz' };
  if (xz.kind === 'absent' && section.xz) emit({ kind: 'warning', step: 'evaluate', text: xz.why });
  told(3, 'fine-tuned model');
  const tuned = await withModel(dependencies, artifact('finetune'), signal, async (chatModel) => {
    const finetuned = await measure(chatModel);
    const { generator } = chatModel;
    const { answerTokens: maxTokens, examples, questions } = section;
    const onAnswer = (done: number) => told(parts + done, 'answers');
    const chat = await chatExactMatch(generator, tests, { tokenizer, maxTokens, examples, onAnswer, signal });
    const given = await answerAll(generator, questions, {
      question: (content) => chatQuestion(tokenizer, [{ role: 'user', content }], maxTokens),
      onAnswer: () => undefined,
      signal,
    });
    const answers = questions.map((question, i) => ({ question, answer: (given[i] ?? '').trim() }));
    return { finetuned, chat, answers };
  });
  for (const { question, answer } of tuned.answers)
    emit({ kind: 'sample', step: 'evaluate', at: 0, prompt: question, text: answer });
  return {
    heldOut: { split: section.heldOut, tokens: heldOut.length, bytes: texts.heldOut.length },
    baselineTokens: training.length,
    bitsPerByte: {
      model: model.bitsPerByte,
      finetuned: tuned.finetuned.bitsPerByte,
      ...ngrams,
      xz: xz.kind === 'measured' ? xz.bitsPerByte : null,
    },
    model,
    xz,
    ...tuned,
  };
}

/** Measures the pretrained and the fine-tuned model beside baselines and writes `evaluation.json`. */
export const evaluateStep = (dependencies: EvaluationDependencies): Step<EvaluateSection> => ({
  name: 'evaluate',
  version: 1,
  inputs: ['collect', 'tokenizer', 'tokenize', 'pretrain', 'finetune'],
  run: async (context) => {
    try {
      const evaluation = await evaluate(dependencies, context);
      writeFileAtomic(join(context.folder, 'evaluation.json'), `${JSON.stringify(evaluation, null, 2)}\n`);
      const { bitsPerByte, chat, heldOut } = evaluation;
      const exactMatch = Object.fromEntries(Object.entries(chat).map(([family, { rate, n }]) => [family, { rate, n }]));
      return { kind: 'done', summary: { heldOut, bitsPerByte, exactMatch } };
    } catch (error) {
      if (context.signal.aborted) return { kind: 'interrupted' };
      throw error;
    }
  },
});
