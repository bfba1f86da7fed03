/** Limits on what a project may hold; each is quoted by the error that it causes. */
export const limits = {
  /** Bytes of octavo.yaml. */
  configBytes: 256 * 1024,
  /** Nesting of octavo.yaml. */
  configDepth: 32,
  /** Characters of a run's name. */
  runNameLength: 64,
  /** Characters of one line of events.jsonl that a reader takes. */
  eventCharacters: 4 * 1024 * 1024,
} as const;
