/** Bits of held-out text a byte: nats / ln 2 / bytes. Unlike perplexity it does not depend on the tokenizer. */
export const bitsPerByte = ({ nats, bytes }: { readonly nats: number; readonly bytes: number }): number =>
  nats / Math.LN2 / bytes;

/** e to the mean loss: how many tokens the model wavers between. */
export const perplexity = ({ nats, tokens }: { readonly nats: number; readonly tokens: number }): number =>
  Math.exp(nats / tokens);

/** The text answers exactly, white space at both ends aside. */
export const isExactMatch = (answer: string, accepted: readonly string[]): boolean =>
  accepted.some((candidate) => candidate.trim() === answer.trim());
