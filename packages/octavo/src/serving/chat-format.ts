import type { Tokenizer } from '../text/index.js';
import type { AnswerFormat } from './answer.js';
import type { ChatAnswer, ChatChunk } from './api.js';
import { chatLogprobs } from './logprobs.js';

/** Chat completions in OpenAI's form. With `usageInStream` every piece but the last says `usage: null`. */
export function chatFormat(the: {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly tokenizer: Tokenizer;
  readonly withLogprobs: boolean;
  readonly usageInStream: boolean;
}): AnswerFormat {
  const { id, created, model, tokenizer, withLogprobs } = the;
  const chunk = (choice: ChatChunk['choices'][number]): ChatChunk => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [choice],
    ...(the.usageInStream ? { usage: null } : {}),
  });
  return {
    opening: (index) => [
      chunk({ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }),
    ],
    piece: (index, content, tokens) =>
      chunk({
        index,
        delta: { content },
        logprobs: withLogprobs && tokens.length > 0 ? chatLogprobs(tokenizer, tokens) : null,
        finish_reason: null,
      }),
    closing: (index, reason) => chunk({ index, delta: {}, logprobs: null, finish_reason: reason }),
    usage: (usage): ChatChunk => ({ id, object: 'chat.completion.chunk', created, model, choices: [], usage }),
    whole: (choices, usage): ChatAnswer => ({
      id,
      object: 'chat.completion',
      created,
      model,
      choices: choices.map(({ text, tokens, reason }, index) => ({
        index,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: withLogprobs ? chatLogprobs(tokenizer, tokens) : null,
        finish_reason: reason,
      })),
      usage,
    }),
  };
}
