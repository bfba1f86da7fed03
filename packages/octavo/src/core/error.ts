import { type ErrorText, OctavoError } from '@octavo/engine/error';
import { type ErrorCode, errorCodes } from './error-codes.js';
import { maskSecrets } from './mask-secrets.js';

export { absurd, invariant, OctavoError } from '@octavo/engine/error';

/** Makes an error with a code of the list: `throw fail('RUN_LOCKED', { what, where, remedy })`. Passwords of URLs are masked. */
export const fail = (code: ErrorCode, { what, where, remedy, cause }: ErrorText): OctavoError =>
  new OctavoError(code, {
    what: maskSecrets(what),
    ...(where === undefined ? {} : { where: maskSecrets(where) }),
    ...(remedy === undefined ? {} : { remedy: maskSecrets(remedy) }),
    ...(cause === undefined ? {} : { cause }),
  });

const isKnown = (code: string): code is ErrorCode => code in errorCodes;

/** The exit code of whatever was thrown: 2 for the user's mistakes, 130 for an interruption, 1 for the rest. */
export const exitCodeOf = (error: unknown): 1 | 2 | 130 =>
  error instanceof OctavoError && isKnown(error.code) ? errorCodes[error.code].exit : 1;
