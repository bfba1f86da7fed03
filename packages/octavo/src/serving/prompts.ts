import { type ChatMessage, endOfText, renderChat, stopTokens, type Tokenizer } from '../text/index.js';
import type { ChatRequest, CompletionRequest } from './api.js';
import { invalid, type Problem, problems } from './problem.js';
import { longestToken, type ServedModel } from './served-model.js';

export type Prompts =
  | { readonly kind: 'ok'; readonly prompts: readonly (readonly number[])[]; readonly stopTokens: readonly number[] }
  | { readonly kind: 'refused'; readonly problem: Problem };

const refused = (problem: Problem): Prompts => ({ kind: 'refused', problem });

const byteLength = (text: string): number => Buffer.byteLength(text, 'utf8');

/** A text that cannot fit is refused by its bytes alone, without the work of splitting it into tokens. */
const surelyTooLong = (bytes: number, { generator, tokenizer }: ServedModel, param: string): Problem | undefined => {
  const tokens = Math.ceil(bytes / longestToken(tokenizer));
  return tokens < generator.contextLength
    ? undefined
    : problems.tooLong({ most: generator.contextLength, tokens, exact: false, param });
};

const checkLength = (ids: ArrayLike<number>, { generator }: ServedModel, param: string): Problem | undefined =>
  ids.length < generator.contextLength
    ? undefined
    : problems.tooLong({ most: generator.contextLength, tokens: ids.length, exact: true, param });

export const chatMessages = (messages: ChatRequest['messages']): readonly ChatMessage[] =>
  messages.map(({ role, content }) => ({ role: role === 'developer' ? 'system' : role, content }));

/** The conversation as the model was taught to read it. Text that looks like a control token stays text. */
export function chatPrompt({ messages }: Pick<ChatRequest, 'messages'>, model: ServedModel): Prompts {
  const long = surelyTooLong(
    messages.reduce((sum, { content }) => sum + byteLength(content), 0),
    model,
    'messages',
  );
  if (long !== undefined) return refused(long);
  const { ids } = renderChat(model.tokenizer, chatMessages(messages), { addGenerationPrompt: true });
  const problem = checkLength(ids, model, 'messages');
  return problem === undefined
    ? { kind: 'ok', prompts: [ids], stopTokens: stopTokens(model.tokenizer) }
    : refused(problem);
}

/** Nothing to go on from means the beginning of a document. */
const begin = (ids: readonly number[], tokenizer: Tokenizer): readonly number[] => {
  const first = tokenizer.idOfSpecial(endOfText);
  return ids.length === 0 && first !== undefined ? [first] : ids;
};

const isIds = (value: readonly unknown[]): value is readonly number[] => typeof value[0] === 'number';

/** Prompts of a plain completion. */
export function completionPrompts({ prompt }: Pick<CompletionRequest, 'prompt'>, model: ServedModel): Prompts {
  const { tokenizer, generator } = model;
  const list: readonly (string | readonly number[])[] =
    typeof prompt === 'string' ? [prompt] : isIds(prompt) ? [prompt] : prompt;
  const prompts: (readonly number[])[] = [];
  for (const one of list) {
    if (typeof one === 'string') {
      const long = surelyTooLong(byteLength(one), model, 'prompt');
      if (long !== undefined) return refused(long);
    } else {
      const unknown = one.find((id) => id >= Math.min(generator.vocabularySize, tokenizer.vocabularySize));
      if (unknown !== undefined)
        return refused(
          invalid(
            'invalid_value',
            `"prompt" holds the token ${unknown}, but ids of this model are below ${tokenizer.vocabularySize}.`,
            'prompt',
          ),
        );
    }
    const ids = begin(typeof one === 'string' ? [...tokenizer.encode(one)] : one, tokenizer);
    if (ids.length === 0)
      return refused(
        invalid('invalid_value', '"prompt" is empty, and this model has no token that begins a document.', 'prompt'),
      );
    const problem = checkLength(ids, model, 'prompt');
    if (problem !== undefined) return refused(problem);
    prompts.push(ids);
  }
  const end = tokenizer.idOfSpecial(endOfText);
  return { kind: 'ok', prompts, stopTokens: end === undefined ? [] : [end] };
}
