import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { fail } from '../core/index.js';

/** The `summary.json` of a step's folder. Errors: RUN_ABSENT where the step has not run yet, FILE_INVALID. */
export async function readSummary<T>(folder: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(folder, 'summary.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const remedy = 'run `octavo run --until split` first';
    throw fail('RUN_ABSENT', { what: 'the step that leaves it has not finished yet', where: path, remedy, cause });
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const remedy = 'delete the folder it lies in and run again: the step is redone';
    throw fail('FILE_INVALID', { what: 'is not the summary that the step writes', where: path, remedy, cause });
  }
}
