/** What every Octavo error says: what is wrong, where, and what to do about it. */
export interface ErrorText {
  readonly what: string;
  readonly where?: string;
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * The one error class. `code` is from the list in docs/errors.md; the three texts are for people,
 * `toJSON` for programs.
 */
export class OctavoError extends Error {
  override readonly name = 'OctavoError';
  readonly what: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;

  constructor(
    readonly code: string,
    text: ErrorText,
  ) {
    const place = text.where === undefined ? '' : `${text.where}: `;
    const advice = text.remedy === undefined ? '' : `\n  → ${text.remedy}`;
    super(`${place}${text.what} [${code}]${advice}`, text.cause === undefined ? undefined : { cause: text.cause });
    this.what = text.what;
    this.where = text.where;
    this.remedy = text.remedy;
  }

  toJSON(): Record<string, unknown> {
    return { code: this.code, what: this.what, where: this.where, remedy: this.remedy };
  }
}

/** Stops on a mistake of ours, never of the user's. */
export function invariant(condition: boolean, says: string): asserts condition {
  if (!condition)
    throw new OctavoError('INTERNAL', {
      what: `this should hold and does not: ${says}`,
      remedy: 'please report it with the output of `octavo doctor`',
    });
}

/** Ends a switch over a union, so that a forgotten case does not compile. */
export function absurd(value: never): never {
  throw new OctavoError('INTERNAL', { what: `a case nobody thought of: ${JSON.stringify(value)}` });
}
