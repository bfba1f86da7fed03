/** Rules that need something loaded or trained first: language, lists of words, a classifier. */
import { z } from 'zod';
import { languageReasons, languageStage } from './language.js';
import { classifierFields, classifierStage } from './quality-examples.js';
import { rules, rulesOf } from './rules.js';
import { toxicityFields, toxicityStage } from './toxicity.js';
import type { Dropped } from './verdict.js';

/** Fields of `data.clean`. */
export const judgeFields = {
  languages: z
    .array(z.string().regex(/^[a-z]{2}$/))
    .default([])
    .describe('Languages to keep, by their two letters; others are dropped as language.other. Empty: all.'),
  minLanguageScore: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('A lower score of the language found: language.unsure.'),
  toxicity: rules(toxicityFields, 'Drop documents with many words of lists.'),
  classifier: rules(classifierFields, 'Drop documents unlike good examples by a classifier trained on yours.'),
} as const;

export const judgeReasons = [...languageReasons, 'toxicity', 'quality'] as const;

export type JudgeSection = { readonly [Name in keyof typeof judgeFields]: z.infer<(typeof judgeFields)[Name]> };
type Judge = (text: string) => Dropped<(typeof judgeReasons)[number]> | undefined;

export interface Judges {
  readonly language: Judge;
  readonly content: Judge;
  /** What the summary says of a trained classifier. */
  readonly trained: Readonly<Record<string, unknown>> | undefined;
}

/** Loads and trains what the section asks for. Errors: DATA_SOURCE, DATA_TOO_SMALL. */
export async function loadJudges(
  section: JudgeSection,
  places: { readonly projectFolder: string; readonly folder: string },
): Promise<Judges> {
  const language = await languageStage(section);
  const ofToxicity = rulesOf(section.toxicity, toxicityFields);
  const toxicity = ofToxicity === undefined ? undefined : await toxicityStage(ofToxicity, places.projectFolder);
  const ofClassifier = rulesOf(section.classifier, classifierFields);
  const classifier = ofClassifier === undefined ? undefined : await classifierStage(ofClassifier, places);
  return {
    language,
    content: (text) => toxicity?.(text) ?? classifier?.judge(text),
    trained: classifier === undefined ? undefined : { ...classifier.trained },
  };
}

/** Files that the section names: their contents are part of the step's key. */
export const judgeFiles = (section: JudgeSection): readonly string[] => {
  const toxicity = rulesOf(section.toxicity, toxicityFields);
  const classifier = rulesOf(section.classifier, classifierFields);
  return [...(toxicity?.files ?? []), ...(classifier?.good ?? []), ...(classifier?.bad ?? [])];
};
