import type { GenerationEvent } from '../generation/index.js';
import type { Tokenizer } from '../text/index.js';

type TokenEvent = Extract<GenerationEvent, { readonly kind: 'token' }>;

/** OpenAI's JSON has no −∞: what the model excludes is told as this. */
const finite = (logprob: number): number => (Number.isFinite(logprob) ? logprob : -9999);

const described = (tokenizer: Pick<Tokenizer, 'tokenBytes'>, id: number, logprob: number) => {
  const bytes = tokenizer.tokenBytes(id);
  return { token: new TextDecoder().decode(bytes), logprob: finite(logprob), bytes: Array.from(bytes) };
};

/** A token's log-probability and its rivals', as chat completions tell them. */
export const chatLogprob = (tokenizer: Pick<Tokenizer, 'tokenBytes'>, event: TokenEvent) => ({
  ...described(tokenizer, event.id, event.logprob ?? 0),
  top_logprobs: (event.top ?? []).map(({ id, logprob }) => described(tokenizer, id, logprob)),
});

/** The same as text completions tell them; offsets count characters of the answer. */
export const completionLogprobs = (
  tokenizer: Pick<Tokenizer, 'tokenBytes'>,
  events: readonly TokenEvent[],
  from = 0,
) => {
  let offset = from;
  const tokens = events.map((event) => {
    const at = offset;
    offset += event.text.length;
    return { ...chatLogprob(tokenizer, event), at };
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs }) =>
      Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: tokens.map(({ at }) => at),
  };
};
