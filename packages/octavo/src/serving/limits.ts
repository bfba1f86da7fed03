/** Limits of the HTTP server; each is quoted by the error that it causes. docs/security.md lists them. */
export const servingLimits = {
  /** Milliseconds that a client may take to send its headers. */
  headersMs: 10_000,
  /** Milliseconds for a whole request, body included. */
  requestMs: 30_000,
  /** How often the two above are checked. */
  checkMs: 1_000,
  /** Milliseconds that an idle connection is kept. */
  keepAliveMs: 5_000,
  headerBytes: 16 * 1024,
  bodyBytes: 1024 * 1024,
  /** Connections at a time; more are closed at once. */
  connections: 1_024,
  /** Answers that wait for a slot. */
  queuedAnswers: 64,
  /** Bytes of the requests whose answers wait or are being written. */
  queuedBytes: 16 * 1024 * 1024,
  /** Milliseconds that an answer may wait for a slot. */
  queueMs: 30_000,
  /** Milliseconds after which a reader of a stream who takes nothing is dropped. */
  slowReaderMs: 30_000,
  /** Milliseconds that open answers are given to finish after SIGTERM. */
  drainMs: 20_000,
  /** Answers to one request: `n`, or prompts times `n`. */
  choices: 8,
  stops: 4,
  /** Characters of a stop string. */
  stopCharacters: 256,
  topLogprobs: 20,
  logitBiases: 1_024,
  messages: 1_024,
  /** Parts of one message's content. */
  contentParts: 64,
  /** Characters for /v1/tokenize. */
  tokenizeCharacters: 1_000_000,
  /** Bytes of the file of keys. */
  keyFileBytes: 1024 * 1024,
} as const;

export type ServingLimits = { readonly [Name in keyof typeof servingLimits]: number };
