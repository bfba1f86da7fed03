/** The rules that a run cleaned with: where each is published, and its thresholds. */
import { decontaminateFields } from '../duplicates/decontaminate.js';
import { substringFields } from '../duplicates/substrings.js';
import { boilerplateFields } from '../filters/boilerplate.js';
import { c4Fields } from '../filters/c4.js';
import { finewebFields } from '../filters/fineweb.js';
import { gopherQualityFields } from '../filters/gopher-quality.js';
import { gopherRepetitionFields } from '../filters/gopher-repetition.js';
import { outlierFields } from '../filters/outliers.js';
import { piiFields } from '../filters/pii.js';
import { classifierFields } from '../filters/quality-examples.js';
import { rulesOf } from '../filters/rules.js';
import { toxicityFields } from '../filters/toxicity.js';
import type { CleanSection } from '../section.js';

export interface FilterFacts {
  readonly name: string;
  readonly published: string;
  readonly thresholds: Readonly<Record<string, unknown>>;
}

/** Those that are on, in the order in which cleaning applies them. */
export function filtersOf(clean: CleanSection): readonly FilterFacts[] {
  const gopherFields = { ...gopherQualityFields, ...gopherRepetitionFields };
  const { languages, minLanguageScore, minCharacters, nearDuplicateSimilarity } = clean;
  const all: readonly (readonly [string, string, Readonly<Record<string, unknown>> | undefined])[] = [
    ['repairMojibake', '', clean.repairMojibake ? {} : undefined],
    ['minCharacters', '', { minCharacters }],
    ['languages', 'ELD (npm eld)', languages.length === 0 ? undefined : { languages, minLanguageScore }],
    ['boilerplate', '', rulesOf(clean.boilerplate, boilerplateFields)],
    ['outliers', 'Tukey 1977', rulesOf(clean.outliers, outlierFields)],
    ['gopher', 'Rae et al. 2021, A.1 and table A1 (arXiv 2112.11446)', rulesOf(clean.gopher, gopherFields)],
    ['c4', 'Raffel et al. 2020, 2.2 (arXiv 1910.10683)', rulesOf(clean.c4, c4Fields)],
    ['fineweb', 'Penedo et al. 2024, 3.6 (arXiv 2406.17557)', rulesOf(clean.fineweb, finewebFields)],
    ['toxicity', 'lists of words', rulesOf(clean.toxicity, toxicityFields)],
    ['classifier', 'Joulin et al. 2016 (arXiv 1607.01759)', rulesOf(clean.classifier, classifierFields)],
    ['pii', '', rulesOf(clean.pii, piiFields)],
    [
      'decontaminate',
      'Brown et al. 2020, appendix C (arXiv 2005.14165)',
      clean.decontaminate.files.length === 0
        ? undefined
        : pickOf(clean.decontaminate, Object.keys(decontaminateFields)),
    ],
    ['urlDuplicates', '', clean.urlDuplicates ? {} : undefined],
    [
      'nearDuplicates',
      'Broder 1997; 14 buckets of 8 hashes as Penedo et al. 2024',
      clean.nearDuplicates ? { nearDuplicateSimilarity } : undefined,
    ],
    ['substrings', 'Lee et al. 2022 (arXiv 2107.06499)', rulesOf(clean.substrings, substringFields)],
  ];
  return all.flatMap(([name, published, thresholds]) =>
    thresholds === undefined ? [] : [{ name, published, thresholds }],
  );
}

const pickOf = (from: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]]));
