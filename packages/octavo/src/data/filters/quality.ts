/** The published rules of quality as one stage: repetition, quality, C4, FineWeb, in the order in which FineWeb applies them. */
import type { z } from 'zod';
import { c4, c4Fields, c4Reasons } from './c4.js';
import { fineweb, finewebFields, finewebReasons } from './fineweb.js';
import { gopherQuality, gopherQualityFields, gopherQualityReasons } from './gopher-quality.js';
import { gopherRepetition, gopherRepetitionFields, gopherRepetitionReasons } from './gopher-repetition.js';
import { rules, rulesOf } from './rules.js';
import { textStatistics } from './text-statistics.js';
import type { Dropped } from './verdict.js';

const gopherFields = { ...gopherQualityFields, ...gopherRepetitionFields };

/** Fields of `data.clean`. */
export const qualityFields = {
  gopher: rules(gopherFields, "Gopher's rules of quality and repetition."),
  c4: rules(c4Fields, "C4's rules, which cut lines out and drop documents."),
  fineweb: rules(finewebFields, "FineWeb's own rules."),
} as const;

export const qualityReasons = [
  ...gopherRepetitionReasons,
  ...gopherQualityReasons,
  ...c4Reasons,
  ...finewebReasons,
] as const;
type QualityReason = (typeof qualityReasons)[number];

export type QualitySection = { readonly [Name in keyof typeof qualityFields]: z.infer<(typeof qualityFields)[Name]> };

export interface Judged {
  readonly text: string;
  readonly dropped?: Dropped<QualityReason>;
  /** Lines cut out, by `c4.rule`. */
  readonly changes: Readonly<Record<string, number>>;
}

/** The stage for a section; with `judge` false it only changes the text, as it did when the text was judged. */
export function qualityStage(section: QualitySection): (text: string, judge: boolean) => Judged {
  const gopher = rulesOf(section.gopher, gopherFields);
  const ofC4 = rulesOf(section.c4, c4Fields);
  const ofFineweb = rulesOf(section.fineweb, finewebFields);
  return (given, judge) => {
    let text = given;
    let statistics = textStatistics(text);
    if (judge && gopher !== undefined) {
      const dropped = gopherRepetition(statistics, gopher) ?? gopherQuality(statistics, gopher);
      if (dropped !== undefined) return { text, dropped, changes: {} };
    }
    let changes: Record<string, number> = {};
    if (ofC4 !== undefined) {
      const result = c4(text, ofC4);
      if (judge && result.dropped !== undefined) return { text, dropped: result.dropped, changes: {} };
      changes = Object.fromEntries(Object.entries(result.cut).map(([rule, lines]) => [`c4.${rule}`, lines]));
      if (result.text !== text) {
        text = result.text;
        statistics = textStatistics(text);
      }
    }
    const dropped = judge && ofFineweb !== undefined ? fineweb(statistics, ofFineweb) : undefined;
    return dropped === undefined ? { text, changes } : { text, dropped, changes };
  };
}
