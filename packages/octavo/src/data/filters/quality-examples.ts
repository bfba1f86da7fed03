import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fail, writeFileAtomic } from '../../core/index.js';
import { trainClassifier } from './quality-classifier.js';
import { below, type Dropped } from './verdict.js';

export const classifierFields = {
  good: z
    .array(z.string().min(1))
    .default([])
    .describe('Files of texts as you want them: JSONL with `text`, or paragraphs.'),
  bad: z.array(z.string().min(1)).default([]).describe('Files of texts that you do not want.'),
  minScore: z.number().min(0).max(1).default(0.5).describe('Probability of being like the good ones: quality.'),
} as const;
export type ClassifierRules = z.infer<z.ZodObject<typeof classifierFields>>;

const fewest = 20;
const Row = z.object({ text: z.string() });

async function examplesOf(name: string, projectFolder: string): Promise<readonly string[]> {
  try {
    const content = await readFile(resolve(projectFolder, name), 'utf8');
    if (!/\.(?:jsonl|ndjson)$/.test(name)) return content.split(/\n\s*\n/).filter((text) => text.trim().length >= 20);
    return content
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => Row.parse(JSON.parse(line)).text);
  } catch (cause) {
    throw fail('DATA_SOURCE', {
      what: `${name} cannot be read as examples: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''}`,
      where: 'data.clean.classifier',
      remedy: 'name JSONL files whose rows have `text`, or text files with empty lines between examples',
      cause,
    });
  }
}

/** How the classifier did on every tenth example, none of which it was trained on. */
interface Trained {
  readonly examples: number;
  readonly heldOut: number;
  readonly accuracy: number;
  readonly sha256: string;
}

/** Trains on the examples of the section, saves the weights as `quality.f32`, and judges by them. Errors: DATA_SOURCE, DATA_TOO_SMALL. */
export async function classifierStage(
  { good, bad, minScore }: ClassifierRules,
  { projectFolder, folder }: { readonly projectFolder: string; readonly folder: string },
) {
  const read = async (names: readonly string[], isGood: boolean) =>
    (await Promise.all(names.map((name) => examplesOf(name, projectFolder)))).flat().map((text) => ({ text, isGood }));
  const [ofGood, ofBad] = [await read(good, true), await read(bad, false)];
  if (ofGood.length < fewest || ofBad.length < fewest)
    throw fail('DATA_TOO_SMALL', {
      what: `${ofGood.length} good and ${ofBad.length} bad examples are too few to learn from`,
      where: 'data.clean.classifier',
      remedy: `give at least ${fewest} of each`,
    });
  const all = [ofGood, ofBad].map((examples) => ({
    known: examples.filter((_, n) => n % 10 !== 9),
    held: examples.filter((_, n) => n % 10 === 9),
  }));
  const classifier = trainClassifier(all.flatMap(({ known }) => known));
  const held = all.flatMap((one) => one.held);
  const right = held.filter(({ text, isGood }) => classifier.score(text) >= 0.5 === isGood).length;
  const bytes = Buffer.from(classifier.weights.buffer);
  writeFileAtomic(join(folder, 'quality.f32'), bytes);
  const trained: Trained = {
    examples: ofGood.length + ofBad.length - held.length,
    heldOut: held.length,
    accuracy: right / held.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  const judge = (text: string): Dropped<'quality'> | undefined => {
    const score = classifier.score(text);
    return score < minScore ? below('quality', score, minScore) : undefined;
  };
  return { trained, judge };
}
