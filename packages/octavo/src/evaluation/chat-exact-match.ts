import { renderChat, stopTokens, type Tokenizer } from '../text/index.js';
import { type AnswerModel, answerAll, type Question } from './answer-model.js';
import type { ChatTest } from './conversations.js';
import { wilsonInterval } from './intervals.js';
import { isExactMatch } from './metrics.js';

export interface AnsweredExample {
  readonly question: string;
  readonly expected: string;
  readonly answer: string;
  readonly right: boolean;
}

/** Of one family: how many answers were right, and where the true rate lies with 95 % confidence (Wilson). */
export interface FamilyScore {
  readonly n: number;
  readonly right: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly examples: readonly AnsweredExample[];
}

/** What a chat model is asked, token for token as in training and serving. */
export const chatQuestion = (tokenizer: Tokenizer, messages: ChatTest['messages'], maxTokens: number): Question => ({
  prompt: renderChat(tokenizer, messages, { addGenerationPrompt: true }).ids,
  stopTokens: stopTokens(tokenizer),
  maxTokens,
});

/** Right and wrong ones by turns, so that a table of examples shows both where there are both. */
function chooseExamples(all: readonly AnsweredExample[], count: number): readonly AnsweredExample[] {
  const [right, wrong] = [all.filter((one) => one.right), all.filter((one) => !one.right)];
  return Array.from({ length: all.length }, (_, i) => [wrong[i], right[i]])
    .flat()
    .filter((one) => one !== undefined)
    .slice(0, count);
}

/** Exact match by family of greedy answers. */
export async function chatExactMatch(
  model: AnswerModel,
  tests: readonly ChatTest[],
  options: {
    readonly tokenizer: Tokenizer;
    readonly maxTokens: number;
    readonly examples: number;
    readonly onAnswer: (done: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<Readonly<Record<string, FamilyScore>>> {
  const { tokenizer, maxTokens, examples, onAnswer, signal } = options;
  const question = ({ messages }: ChatTest) => chatQuestion(tokenizer, messages, maxTokens);
  const answers = await answerAll(model, tests, { question, onAnswer, signal });
  const families = new Map<string, AnsweredExample[]>();
  for (const [i, { family, messages, expected }] of tests.entries()) {
    const given = answers[i] ?? '';
    const question = messages.at(-1)?.content ?? '';
    const answered = { question, expected, answer: given, right: isExactMatch(given, [expected]) };
    families.set(family, [...(families.get(family) ?? []), answered]);
  }
  const scoreOf = (answered: readonly AnsweredExample[]): FamilyScore => {
    const n = answered.length;
    const right = answered.filter((one) => one.right).length;
    return { n, right, rate: right / n, ...wilsonInterval({ right, n }), examples: chooseExamples(answered, examples) };
  };
  return Object.fromEntries([...families].map(([family, answered]) => [family, scoreOf(answered)]));
}
