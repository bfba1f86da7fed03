/** What is known of a document only after the others were seen: repeated lines and outliers. */
import type { z } from 'zod';
import { boilerplate, boilerplateFields } from './boilerplate.js';
import type { CorpusPass } from './corpus-pass.js';
import { type Measured, type OutlierFigure, outlierFields, outlierReasons, outliers } from './outliers.js';
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
  readonly ofSource: Map<string, number>;
  /** To be made one after another, each over every text of the corpus, before anything is judged. */
  readonly passes: readonly CorpusPass[];
  /** Whether what the last pass finds in a part are the measures of its documents. */
  readonly measures: boolean;
  readonly cut: (source: string, text: string) => { readonly text: string; readonly lines: number };
  readonly judge: (text: string, measured?: Measured) => Dropped<(typeof corpusReasons)[number]> | undefined;
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
  /** Looks at texts as they are after lines were cut. */
  const afterCut = (pass: CorpusPass): CorpusPass => ({
    ...pass,
    begin: () => {
      const { observe, lesson } = pass.begin();
      return { observe: (source, text) => observe(source, cut(source, text).text), lesson };
    },
  });
  return {
    ofSource: lines?.ofSource ?? new Map(),
    passes: [...(lines === undefined ? [] : [lines.pass]), ...(odd?.passes.map(afterCut) ?? [])],
    measures: odd !== undefined,
    cut,
    judge: (text, measured) => odd?.judge(text, measured),
    repeated: (source, text) => lines?.most(source, text),
    figures: (text) => odd?.figures(text) ?? [],
  };
}
