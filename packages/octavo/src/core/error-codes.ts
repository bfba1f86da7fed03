/** Every error code, its exit code and one sentence on when it comes; docs/errors.md is generated from this table. */
export const errorCodes = {
  CONFIG_INVALID: { exit: 2, says: 'A field of octavo.yaml, or of --set, has a value that is not allowed.' },
  CONFIG_UNREADABLE: { exit: 2, says: 'octavo.yaml is absent, or is not YAML.' },
  INTERNAL: { exit: 1, says: 'A mistake of ours: an invariant did not hold.' },
  INTERRUPTED: { exit: 130, says: 'Stopped by a signal; the state is saved, and the same command goes on.' },
  RUN_LOCKED: { exit: 2, says: 'Another process is writing to this run.' },
  USAGE: { exit: 2, says: 'A command, an option or an argument that does not exist or does not fit.' },
} as const satisfies Record<string, { readonly exit: 1 | 2 | 130; readonly says: string }>;

export type ErrorCode = keyof typeof errorCodes;
