/** A model as evaluation sees it: something that answers. `Generator` of the generation room is one. */
export interface AnswerRequest {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly sampling: {
    readonly temperature: number;
    readonly topK: number;
    readonly topP: number;
    readonly minP: number;
    readonly repetitionPenalty: number;
    readonly frequencyPenalty: number;
    readonly presencePenalty: number;
    readonly logitBias: ReadonlyMap<number, number>;
    readonly seed: number;
  };
  readonly stop: readonly string[];
  readonly stopTokens: readonly number[];
  readonly topLogprobs: undefined;
}

export interface AnswerModel {
  readonly contextLength: number;
  /** How many requests it works on at a time. */
  readonly slots: number;
  readonly generate: (
    request: AnswerRequest,
    signal: AbortSignal,
  ) => AsyncIterable<{ readonly kind: 'token' | 'end'; readonly text: string }>;
}

/** The likeliest token each time: the same answer whenever it is asked. */
const greedy = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logitBias: new Map<number, number>(),
  seed: 0,
} as const;

export interface Question {
  readonly prompt: readonly number[];
  readonly stopTokens: readonly number[];
  readonly maxTokens: number;
}

/** One greedy answer. A prompt that fills the context has none. */
export async function answer(model: AnswerModel, question: Question, signal: AbortSignal): Promise<string> {
  const room = model.contextLength - question.prompt.length;
  if (room < 1) return '';
  const request: AnswerRequest = {
    ...question,
    maxTokens: Math.min(question.maxTokens, room),
    sampling: greedy,
    stop: [],
    topLogprobs: undefined,
  };
  let text = '';
  for await (const event of model.generate(request, signal)) text += event.text;
  signal.throwIfAborted();
  return text;
}

/** Answers in the order of the questions, as many at a time as the model has slots. */
export async function answerAll<Item>(
  model: AnswerModel,
  items: readonly Item[],
  {
    question,
    onAnswer,
    signal,
  }: {
    readonly question: (item: Item) => Question;
    readonly onAnswer: (done: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> {
  const answers: string[] = new Array<string>(items.length).fill('');
  const queue = items.entries();
  let done = 0;
  const worker = async () => {
    for (const [index, item] of queue) {
      signal.throwIfAborted();
      answers[index] = await answer(model, question(item), signal);
      done += 1;
      onAnswer(done);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, model.slots) }, worker));
  return answers;
}
