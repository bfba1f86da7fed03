import { z } from 'zod';

/** The options of a database as a source; the text is in the column that `textField` names. */
export const sqlFields = z.strictObject({
  query: z
    .string()
    .min(1)
    .describe(
      'The rows to take, in a fixed order, such as SELECT id, text FROM articles ORDER BY id; it may only read.',
    ),
  idField: z.string().min(1).default('id').describe('The column that names a row; without it rows are numbered.'),
  snapshot: z.string().default('').describe('Change it to read a server anew: rows that were read once are kept.'),
});

export type SqlFields = z.infer<typeof sqlFields>;
