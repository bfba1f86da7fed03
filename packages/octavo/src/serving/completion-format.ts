import type { Tokenizer } from '../text/index.js';
import type { AnswerFormat } from './answer.js';
import type { CompletionAnswer } from './api.js';
import { completionLogprobs } from './logprobs.js';

/** Plain completions in OpenAI's form: pieces of a stream look like whole answers. */
export function completionFormat(the: {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly tokenizer: Tokenizer;
  readonly withLogprobs: boolean;
  readonly usageInStream: boolean;
}): AnswerFormat {
  const { id, created, model, tokenizer, withLogprobs } = the;
  const offsets = new Map<number, number>();
  const chunk = (choice: CompletionAnswer['choices'][number]): CompletionAnswer => ({
    id,
    object: 'text_completion',
    created,
    model,
    choices: [choice],
    ...(the.usageInStream ? { usage: null } : {}),
  });
  return {
    opening: () => [],
    piece: (index, text, tokens) => {
      const offset = offsets.get(index) ?? 0;
      offsets.set(index, offset + text.length);
      return chunk({
        index,
        text,
        logprobs: withLogprobs && tokens.length > 0 ? completionLogprobs(tokenizer, tokens, offset) : null,
        finish_reason: null,
      });
    },
    closing: (index, reason) => chunk({ index, text: '', logprobs: null, finish_reason: reason }),
    usage: (usage): CompletionAnswer => ({ id, object: 'text_completion', created, model, choices: [], usage }),
    whole: (choices, usage): CompletionAnswer => ({
      id,
      object: 'text_completion',
      created,
      model,
      choices: choices.map(({ text, tokens, reason }, index) => ({
        index,
        text,
        logprobs: withLogprobs ? completionLogprobs(tokenizer, tokens, 0) : null,
        finish_reason: reason,
      })),
      usage,
    }),
  };
}
