/** Every limit of the server: its default, its unit, and what it is for. The tables in the documents are made from this. */
export const limitTable = {
  bodyBytes: { value: 1024 * 1024, unit: 'bytes', says: 'Body of a request.' },
  headerBytes: { value: 16 * 1024, unit: 'bytes', says: 'All headers of a request together.' },
  headersMs: {
    value: 10_000,
    unit: 'ms',
    says: 'Time from the first moment of a request until its headers are whole.',
  },
  requestMs: { value: 30_000, unit: 'ms', says: 'The same until its body is whole.' },
  checkIntervalMs: { value: 1000, unit: 'ms', says: 'How often these two times are checked.' },
  keepAliveMs: { value: 65_000, unit: 'ms', says: 'How long an idle connection stays open.' },
  connections: { value: 1024, unit: 'connections', says: 'Open connections; one more is closed at once.' },
  stalledReaderMs: {
    value: 30_000,
    unit: 'ms',
    says: 'How long a reader may take no byte of an answer before it is dropped.',
  },
  waitingChoices: {
    value: 64,
    unit: 'choices',
    says: 'Choices that wait for a slot of one model; one more request is answered 429.',
  },
  waitingBytes: {
    value: 16 * 1024 * 1024,
    unit: 'bytes',
    says: 'Bodies of the requests that wait for one model, together.',
  },
  waitingMs: {
    value: 60_000,
    unit: 'ms',
    says: 'How long a request waits for its first slot before it is answered 429.',
  },
  drainNoticeMs: {
    value: 200,
    unit: 'ms',
    says: 'How long, after the signal to stop, new requests are still told 503, so that balancers notice.',
  },
  drainMs: { value: 20_000, unit: 'ms', says: 'How long running answers may go on after the signal to stop.' },
  choices: { value: 8, unit: 'choices', says: '`n`, and prompts × `n` of one request.' },
  stopStrings: { value: 4, unit: 'strings', says: 'Entries of `stop`.' },
  stopCharacters: { value: 256, unit: 'characters', says: 'Length of one stop string.' },
  topLogprobs: { value: 20, unit: 'tokens', says: '`top_logprobs`, and `logprobs` of plain completions.' },
  logitBiases: { value: 1024, unit: 'tokens', says: 'Entries of `logit_bias`.' },
  messages: { value: 1024, unit: 'messages', says: 'Messages of a conversation.' },
  contentParts: { value: 64, unit: 'parts', says: 'Parts of the content of one message.' },
} as const satisfies Readonly<Record<string, { readonly value: number; readonly unit: string; readonly says: string }>>;

type LimitName = keyof typeof limitTable;

export type Limits = Readonly<Record<LimitName, number>>;

export const defaultLimits: Limits = {
  bodyBytes: limitTable.bodyBytes.value,
  headerBytes: limitTable.headerBytes.value,
  headersMs: limitTable.headersMs.value,
  requestMs: limitTable.requestMs.value,
  checkIntervalMs: limitTable.checkIntervalMs.value,
  keepAliveMs: limitTable.keepAliveMs.value,
  connections: limitTable.connections.value,
  stalledReaderMs: limitTable.stalledReaderMs.value,
  waitingChoices: limitTable.waitingChoices.value,
  waitingBytes: limitTable.waitingBytes.value,
  waitingMs: limitTable.waitingMs.value,
  drainNoticeMs: limitTable.drainNoticeMs.value,
  drainMs: limitTable.drainMs.value,
  choices: limitTable.choices.value,
  stopStrings: limitTable.stopStrings.value,
  stopCharacters: limitTable.stopCharacters.value,
  topLogprobs: limitTable.topLogprobs.value,
  logitBiases: limitTable.logitBiases.value,
  messages: limitTable.messages.value,
  contentParts: limitTable.contentParts.value,
};

/** The table as Markdown. */
export const limitsMarkdown = (): string =>
  [
    '| limit | default | for |',
    '|---|---|---|',
    ...Object.entries(limitTable).map(
      ([name, { value, unit, says }]) => `| \`${name}\` | ${value.toLocaleString('en-US')} ${unit} | ${says} |`,
    ),
  ].join('\n');
