import type { z } from 'zod';
import { fail, visibleLine } from '../core/index.js';
import { closest } from '../project/index.js';

const option = (path: readonly PropertyKey[]): string => (path[0] === undefined ? 'options' : `--${String(path[0])}`);

/** Reads a command's options by its schema. Errors: USAGE, with what is allowed and what was probably meant. */
export const parseOptions = <Options>(
  schema: z.ZodType<Options>,
  options: Readonly<Record<string, unknown>>,
): Options => {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const given = issue === undefined ? undefined : options[String(issue.path[0])];
  const shown = typeof given === 'string' ? `"${visibleLine(given, 60)}"` : String(given);
  if (issue?.code === 'invalid_value') {
    const values = issue.values.map(String);
    const near = typeof given === 'string' ? closest(given, values) : undefined;
    throw fail('USAGE', {
      what: `${shown} is not one of ${values.join(', ')}`,
      where: option(issue.path),
      remedy: near === undefined ? 'choose one of them' : `did you mean ${near}?`,
    });
  }
  throw fail('USAGE', {
    what: `${issue?.message ?? 'wrong'}, got ${shown}`,
    where: option(issue?.path ?? []),
    remedy: 'see --help',
  });
};
