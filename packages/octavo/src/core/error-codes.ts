/** Every error code, its exit code and one sentence on when it comes; docs/errors.md is generated from this table. */
export const errorCodes = {
  CONFIG_INVALID: { exit: 2, says: 'A field of octavo.yaml, or of --set, has a value that is not allowed.' },
  CONFIG_UNREADABLE: { exit: 2, says: 'octavo.yaml is absent, or is not YAML.' },
  FILE_NOT_WRITTEN: { exit: 1, says: 'A file could not be written: the disk is full, failing or read-only. What was there before is intact.' },
  FILE_INVALID: { exit: 2, says: 'A file from outside is damaged, or is not of the format that was expected.' },
  FILE_UNREADABLE: { exit: 2, says: 'A file is absent, or may not be read.' },
  INTERNAL: { exit: 1, says: 'A mistake of ours: an invariant did not hold.' },
  INTERRUPTED: { exit: 130, says: 'Stopped by a signal; the state is saved, and the same command goes on.' },
  PATH_NOT_ALLOWED: { exit: 2, says: 'A name or path that would leave its folder, or that not every file system can hold.' },
  RUN_ABSENT: { exit: 2, says: 'There is no run of that name, or it has not come that far yet.' },
  RUN_LOCKED: { exit: 2, says: 'Another process is writing to this run.' },
  STEP_FAILED: { exit: 1, says: 'A step of the run stopped with an error that has no code of its own.' },
  TENSOR_ABSENT: { exit: 2, says: 'A model file lacks a tensor that the model needs.' },
  TENSOR_INVALID: { exit: 1, says: 'A tensor to be written has a name, shape or data that do not fit each other.' },
  USAGE: { exit: 2, says: 'A command, an option or an argument that does not exist or does not fit.' },
  WRITE_FAILED: { exit: 1, says: 'The disk refused a write (full, broken or read-only); what was there before is untouched.' },
} as const satisfies Record<string, { readonly exit: 1 | 2 | 130; readonly says: string }>;

export type ErrorCode = keyof typeof errorCodes;
