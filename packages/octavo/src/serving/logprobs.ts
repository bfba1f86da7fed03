import type { GenerationEvent, TokenLogprob } from '../generation/index.js';
import type { Tokenizer } from '../text/index.js';
import type { ChatLogprobs, ChatTokenLogprob, CompletionLogprobs } from './api.js';

export type TokenEvent = Extract<GenerationEvent, { readonly kind: 'token' }>;

/** JSON has no −∞; OpenAI's API writes −9999 for it. */
const finite = (logprob: number | undefined): number =>
  logprob === undefined || !Number.isFinite(logprob) ? -9999 : logprob;

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

const chatToken = (
  tokenizer: Tokenizer,
  { id, logprob }: { readonly id: number; readonly logprob?: number },
): ChatTokenLogprob => {
  const bytes = tokenizer.tokenBytes(id);
  return { token: textOf(bytes), logprob: finite(logprob), bytes: [...bytes] };
};

export const chatLogprobs = (tokenizer: Tokenizer, tokens: readonly TokenEvent[]): ChatLogprobs => ({
  content: tokens.map((token) => ({
    ...chatToken(tokenizer, token),
    top_logprobs: (token.top ?? []).map((one) => chatToken(tokenizer, one)),
  })),
  refusal: null,
});

/** `bytes:\xe4\xbd` for a token that is no whole text, as OpenAI's API has it. */
const completionToken = (tokenizer: Tokenizer, id: number): string => {
  const bytes = tokenizer.tokenBytes(id);
  const text = textOf(bytes);
  return text.includes('\ufffd')
    ? `bytes:${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`
    : text;
};

const columnsOf = (tokenizer: Tokenizer, top: readonly TokenLogprob[]): Readonly<Record<string, number>> =>
  Object.fromEntries(top.map(({ id, logprob }) => [completionToken(tokenizer, id), finite(logprob)]));

/** `offset` is where the first of these tokens begins in the answer, in characters. */
export const completionLogprobs = (
  tokenizer: Tokenizer,
  tokens: readonly TokenEvent[],
  offset: number,
): CompletionLogprobs => {
  let at = offset;
  return {
    tokens: tokens.map(({ id }) => completionToken(tokenizer, id)),
    token_logprobs: tokens.map(({ logprob }) => finite(logprob)),
    top_logprobs: tokens.map(({ top }) => columnsOf(tokenizer, top ?? [])),
    text_offset: tokens.map(({ text }) => {
      const begin = at;
      at += text.length;
      return begin;
    }),
  };
};
