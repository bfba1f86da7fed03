/** Limits on tokenizer files; each is quoted by the error that it causes. */
export const tokenizerLimits = {
  /** Bytes of the file. */
  fileBytes: 256 * 1024 * 1024,
  /** Ids of the vocabulary. */
  vocabularySize: 4 * 1024 * 1024,
  /** Merges. */
  merges: 8 * 1024 * 1024,
  specialTokens: 65_536,
  /** Bytes of one token. */
  tokenBytes: 65_536,
} as const;
