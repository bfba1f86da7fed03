import { resolve } from 'node:path';
import { fail } from '../../core/index.js';
import { addEvaluationFile, type Contamination, contamination } from '../duplicates/decontaminate.js';
import type { CleanSection } from '../section.js';

/** Evaluation sets of the section, read. Errors: DATA_SOURCE. */
export async function readEvaluations({ decontaminate }: CleanSection, projectFolder: string): Promise<Contamination> {
  const known = contamination(decontaminate);
  for (const name of decontaminate.files)
    await addEvaluationFile(known, { path: resolve(projectFolder, name), name }).catch((cause: unknown) => {
      const what = `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      const remedy = 'correct the path; relative ones begin where octavo.yaml lies';
      throw fail('DATA_SOURCE', { what, where: 'data.clean.decontaminate.files', remedy, cause });
    });
  return known;
}
