/** What is known of a document only after the others were seen: repeated lines and outliers. */
import type { z } from 'zod';
import { boilerplate, boilerplateFields } from './boilerplate.js';
import { type OutlierFigure, outlierFields, outlierReasons, outliers } from './outliers.js';
import { rules, rulesOf } from './rules.js';
import type { Dropped } from './verdict.js';

/** Fields of `data.clean`. */
export const corpusFields = {
  boilerplate: rules(boilerplateFields, 'Cut out lines that stand in many documents of one source.'),
  outliers: rules(outlierFields, 'Drop documents unlike the rest in length, symbols or characters.'),
} as const;

export const corpusReasons = outlierReasons;

export type CorpusSection = { readonly [Name in keyof typeof corpusFields]: z.infer<(typeof corpusFields)[Name]> };

export interface CorpusStage {
  /** What the passes leave: tables as they lie in memory, and documents by source; others fill theirs with them. */
  readonly memory: readonly Uint8Array[];
  readonly ofSource: Map<string, number>;
  /** To be called in order, each with every text of the corpus, before anything is judged. */
  readonly passes: readonly ((source: string, text: string) => void)[];
  readonly cut: (source: string, text: string) => { readonly text: string; readonly lines: number };
  readonly judge: (text: string) => Dropped<(typeof corpusReasons)[number]> | undefined;
  /** What `cut` and `judge` go by, for a person who asks why. */
  readonly repeated: (source: string, text: string) => ReturnType<ReturnType<typeof boilerplate>['most']> | undefined;
  readonly figures: (text: string) => readonly OutlierFigure[];
}

export function corpusStage(section: CorpusSection, documents: number): CorpusStage {
  const ofLines = rulesOf(section.boilerplate, boilerplateFields);
  const ofOutliers = rulesOf(section.outliers, outlierFields);
  const lines = ofLines === undefined ? undefined : boilerplate(ofLines, documents);
  const odd = ofOutliers === undefined ? undefined : outliers(ofOutliers);
  const cut: CorpusStage['cut'] = (source, text) => lines?.cut(source, text) ?? { text, lines: 0 };
  const tables = [...(lines === undefined ? [] : [lines.memory]), ...(odd?.memory ?? [])];
  return {
    memory: tables.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
    ofSource: lines?.ofSource ?? new Map(),
    passes: [
      ...(lines === undefined ? [] : [lines.observe]),
      ...(odd === undefined
        ? []
        : [
            (source: string, text: string) => odd.learn(cut(source, text).text),
            (source: string, text: string) => odd.measure(cut(source, text).text),
          ]),
    ],
    cut,
    judge: (text) => odd?.judge(text),
    repeated: (source, text) => lines?.most(source, text),
    figures: (text) => odd?.figures(text) ?? [],
  };
}
