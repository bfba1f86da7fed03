import type { GenerationEvent } from '../generation/index.js';
import type { ServedModel } from './model.js';
import { chatLogprob, completionLogprobs } from './token-text.js';

export type TokenEvent = Extract<GenerationEvent, { readonly kind: 'token' }>;

/** What one answer has become. */
export interface FinishedAnswer {
  readonly text: string;
  readonly tokens: readonly TokenEvent[];
  readonly reason: string;
}

/** A piece of a streamed answer. `offset` counts the characters before it. */
export interface Piece {
  readonly text: string;
  readonly token: TokenEvent | undefined;
  readonly offset: number;
}

/** How one kind of completion looks on the wire; the rest is common to both. */
export interface CompletionForm {
  readonly idPrefix: string;
  readonly object: { readonly whole: string; readonly chunk: string };
  readonly whole: (answer: FinishedAnswer, logprobs: boolean) => Readonly<Record<string, unknown>>;
  /** What a stream sends before the first piece of a choice. */
  readonly begin: Readonly<Record<string, unknown>> | undefined;
  readonly piece: (piece: Piece, logprobs: boolean) => Readonly<Record<string, unknown>>;
  readonly last: Readonly<Record<string, unknown>>;
}

export const chatForm = ({ tokenizer }: ServedModel): CompletionForm => {
  const listed = (tokens: readonly TokenEvent[]) => ({
    content: tokens.map((token) => chatLogprob(tokenizer, token)),
    refusal: null,
  });
  return {
    idPrefix: 'chatcmpl-',
    object: { whole: 'chat.completion', chunk: 'chat.completion.chunk' },
    whole: ({ text, tokens }, logprobs) => ({
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: logprobs ? listed(tokens) : null,
    }),
    begin: { delta: { role: 'assistant', content: '', refusal: null }, logprobs: null },
    piece: ({ text, token }, logprobs) => ({
      delta: { content: text },
      logprobs: logprobs && token !== undefined ? listed([token]) : null,
    }),
    last: { delta: {}, logprobs: null },
  };
};

export const textForm = ({ tokenizer }: ServedModel): CompletionForm => ({
  idPrefix: 'cmpl-',
  object: { whole: 'text_completion', chunk: 'text_completion' },
  whole: ({ text, tokens }, logprobs) => ({ text, logprobs: logprobs ? completionLogprobs(tokenizer, tokens) : null }),
  begin: undefined,
  piece: ({ text, token, offset }, logprobs) => ({
    text,
    logprobs: logprobs && token !== undefined ? completionLogprobs(tokenizer, [token], offset) : null,
  }),
  last: { text: '', logprobs: null },
});
