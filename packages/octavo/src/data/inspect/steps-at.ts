import { join } from 'node:path';

type DataStep = 'collect' | 'clean' | 'split' | 'tokenizer' | 'tokenize';

/** The folder of a step below a run's `artifacts` folder, or a file in it. */
export const at = (artifacts: string, step: DataStep, file = ''): string => join(artifacts, step, file);
