/** What each rule that a run asked for finds in a document, with its figure: the pure rules again, one at a time. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEvaluations } from '../clean/read-evaluations.js';
import type { SourceDocument } from '../document.js';
import { c4, c4Fields } from '../filters/c4.js';
import type { CorpusStage } from '../filters/corpus-stage.js';
import { fineweb, finewebFields } from '../filters/fineweb.js';
import { gopherQuality, gopherQualityFields } from '../filters/gopher-quality.js';
import { gopherRepetition, gopherRepetitionFields } from '../filters/gopher-repetition.js';
import { judgeText } from '../filters/judge-text.js';
import { loadIdentifier } from '../filters/language.js';
import { fillMissing, missingFields, missingNames } from '../filters/missing.js';
import { classifierOf } from '../filters/quality-classifier.js';
import { classifierFields } from '../filters/quality-examples.js';
import { rulesOf } from '../filters/rules.js';
import { textStatistics } from '../filters/text-statistics.js';
import { toxicityFields, toxicityStage } from '../filters/toxicity.js';
import { type Dropped, figure } from '../filters/verdict.js';
import type { CleanSection } from '../section.js';

export interface RuleVerdict {
  readonly reason: string;
  /** `unknown`: what the rule needs is gone. */
  readonly verdict: 'passed' | 'broken' | 'unknown';
  /** The figure beside its threshold, or why the verdict is unknown. */
  readonly detail: string;
}

type Judge<Rules> = (rules: Rules) => Dropped | undefined;

/** A threshold that nothing breaks, and one that everything does. */
const never = (name: string): number => (name.startsWith('min') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
const always = (name: string): number => (name.startsWith('min') ? Number.POSITIVE_INFINITY : -1);

/**
 * Each threshold of a family by itself: all others are set so that nothing breaks them. First to what everything breaks,
 * so that the rule tells its figure, then to what the run had.
 */
function probe<Rules extends Readonly<Record<string, unknown>>>(rules: Rules, judge: Judge<Rules>): RuleVerdict[] {
  const isBound = (name: string): boolean => /^(?:min|max)[A-Z]/.test(name);
  const bounds = Object.entries(rules).flatMap(([name, value]) => {
    if (!isBound(name)) return [];
    return (Array.isArray(value) ? value : [value]).map((bound: unknown, at) => ({ name, at, bound: Number(bound) }));
  });
  const withOne = (name: string, at: number, bound: number): Rules => {
    const others = Object.entries(rules).map(([other, value]) => {
      if (!isBound(other)) return [other, value];
      if (!Array.isArray(value)) return [other, other === name ? bound : never(other)];
      return [other, value.map((_, place) => (other === name && place === at ? bound : never(other)))];
    });
    return Object.fromEntries(others) as Rules;
  };
  return bounds.flatMap(({ name, at, bound }): RuleVerdict[] => {
    const told = judge(withOne(name, at, always(name)));
    if (told === undefined) return [];
    const broken = judge(withOne(name, at, bound));
    if (broken !== undefined) return [{ reason: told.reason, verdict: 'broken', detail: broken.detail }];
    const [, figure = '', rest = ''] = /^(\S+) [<>] [^\s,]+(.*)$/s.exec(told.detail) ?? [];
    const limit = name.startsWith('min') ? 'at least' : 'at most';
    return [{ reason: told.reason, verdict: 'passed', detail: `${figure}, ${limit} ${bound}${rest}` }];
  });
}

const passedOr = (reason: string, dropped: Dropped | undefined, passed: string): RuleVerdict =>
  dropped === undefined
    ? { reason, verdict: 'passed', detail: passed }
    : { reason: dropped.reason, verdict: 'broken', detail: dropped.detail };

/** Texts of a document on its way through cleaning. */
export interface Stages {
  /** With its encoding put right. */
  readonly decoded: string;
  readonly repaired: string;
  /** Without lines that many documents share. */
  readonly own: string;
  /** After lines were cut out, before personal data are replaced. */
  readonly cut: string;
}

function publishedRules({ own, cut }: Stages, section: CleanSection): readonly RuleVerdict[] {
  const gopher = rulesOf(section.gopher, { ...gopherQualityFields, ...gopherRepetitionFields });
  const ofC4 = rulesOf(section.c4, c4Fields);
  const ofFineweb = rulesOf(section.fineweb, finewebFields);
  // Statistics count runs of words for growing lengths, once: each question takes its own.
  const ofGopher = (rules: NonNullable<typeof gopher>) =>
    gopherRepetition(textStatistics(own), rules) ?? gopherQuality(textStatistics(own), rules);
  return [
    ...(gopher === undefined ? [] : probe(gopher, ofGopher)),
    ...(ofC4 === undefined
      ? []
      : [
          ...(ofC4.loremIpsum
            ? [
                passedOr(
                  'c4.lorem_ipsum',
                  c4(own, { ...ofC4, curlyBracket: false, minSentences: 0 }).dropped,
                  'not there',
                ),
              ]
            : []),
          ...(ofC4.curlyBracket
            ? [
                passedOr(
                  'c4.curly_bracket',
                  c4(own, { ...ofC4, loremIpsum: false, minSentences: 0 }).dropped,
                  'not there',
                ),
              ]
            : []),
          ...probe(
            { minSentences: ofC4.minSentences },
            ({ minSentences }) => c4(own, { ...ofC4, loremIpsum: false, curlyBracket: false, minSentences }).dropped,
          ),
        ]),
    ...(ofFineweb === undefined ? [] : probe(ofFineweb, (rules) => fineweb(textStatistics(cut), rules))),
  ];
}

const unknown = (reason: string, detail: string): RuleVerdict => ({ reason, verdict: 'unknown', detail });

const gone =
  'what cleaning learned of the corpus is gone from .octavo/cache: `octavo data --from clean` learns it again';

/** Rules about all documents of the run; `corpus` is undefined where what it taught is gone. */
function corpusRules(
  source: string,
  { repaired, own }: Stages,
  { section, corpus }: { readonly section: CleanSection; readonly corpus: CorpusStage | undefined },
): readonly RuleVerdict[] {
  if (corpus === undefined)
    return [
      ...(section.boilerplate === false ? [] : [unknown('boilerplate', gone)]),
      ...(section.outliers === false ? [] : [unknown('outlier', gone)]),
    ];
  const lines = corpus.repeated(source, repaired);
  return [
    ...(lines === undefined
      ? []
      : [
          {
            reason: 'boilerplate',
            verdict: 'passed',
            detail: `the commonest line is in ${lines.documents === 1 ? '1 document' : `${lines.documents} documents`} of ${source}, cut from ${lines.least} on`,
          } as const,
        ]),
    ...corpus.figures(own).map(({ reason, value, low, high }): RuleVerdict => {
      if (value > high) return { reason, verdict: 'broken', detail: `${figure(value)} > ${figure(high)}` };
      if (value < low) return { reason, verdict: 'broken', detail: `${figure(value)} < ${figure(low)}` };
      const detail = Number.isFinite(high)
        ? `${figure(value)}, ${low > 0 ? `at least ${figure(low)}, ` : ''}at most ${figure(high)}`
        : `${figure(value)}: too few documents to tell outliers from`;
      return { reason, verdict: 'passed', detail };
    }),
  ];
}

/** What the source did not tell, and what was made of it. */
function missingRules(document: SourceDocument, { cut }: Stages, section: CleanSection): readonly RuleVerdict[] {
  const rules = rulesOf(section.missing, missingFields);
  if (rules === undefined) return [];
  const { facts, dropped } = fillMissing(document, cut, rules);
  return missingNames
    .filter((name) => rules[name] !== 'keep')
    .map((name) => {
      const reason = `missing.${name}`;
      if (dropped?.reason === reason) return { reason, verdict: 'broken', detail: dropped.detail };
      const filled = facts[name];
      const detail =
        filled === undefined ? (document[name] ?? 'not told, and nothing to infer it from') : `not told: ${filled}`;
      return { reason, verdict: 'passed', detail };
    });
}

/** Rules that need a file; one that is gone gives no verdict. */
async function loadedRules(
  { cut }: Stages,
  section: CleanSection,
  { projectFolder, cleanFolder }: { readonly projectFolder: string; readonly cleanFolder: string },
): Promise<readonly RuleVerdict[]> {
  const tried = async (reason: string, ask: () => Promise<RuleVerdict>): Promise<readonly RuleVerdict[]> => [
    await ask().catch((error: unknown) => unknown(reason, error instanceof Error ? error.message : String(error))),
  ];
  const toxicity = rulesOf(section.toxicity, toxicityFields);
  const classifier = rulesOf(section.classifier, classifierFields);
  return [
    ...(toxicity === undefined
      ? []
      : await tried('toxicity', async () => {
          const words = Number(
            (await toxicityStage({ ...toxicity, maxWords: -1 }, projectFolder))(cut)?.detail.split(' ')[0],
          );
          const verdict = words > toxicity.maxWords ? 'broken' : 'passed';
          return { reason: 'toxicity', verdict, detail: `${words} words of the lists, at most ${toxicity.maxWords}` };
        })),
    ...(classifier === undefined
      ? []
      : await tried('quality', async () => {
          const bytes = await readFile(join(cleanFolder, 'quality.f32'));
          const weights = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
          const score = classifierOf(weights).score(cut);
          const verdict = score < classifier.minScore ? 'broken' : 'passed';
          return { reason: 'quality', verdict, detail: `${score.toFixed(3)}, at least ${classifier.minScore}` };
        })),
    ...(section.decontaminate.files.length === 0
      ? []
      : await tried('contaminated', async () => {
          const hit = (await readEvaluations(section, projectFolder)).hit(cut);
          const found =
            hit === undefined ? undefined : { reason: 'contaminated', detail: `${hit.item} has "${hit.words}"` };
          return passedOr('contaminated', found, 'no item of the evaluation sets');
        })),
  ];
}

/** All rules of the section in the order in which cleaning asks them. */
export async function verdictsOf(
  {
    document,
    stages,
    corpus,
  }: { readonly document: SourceDocument; readonly stages: Stages; readonly corpus: CorpusStage | undefined },
  section: CleanSection,
  places: { readonly projectFolder: string; readonly cleanFolder: string },
): Promise<{ readonly language: string; readonly verdicts: readonly RuleVerdict[] }> {
  const { decoded, repaired } = stages;
  const { language, score } = (await loadIdentifier())(repaired);
  const found = `${language === '' ? 'none' : language} ${score.toFixed(2)}`;
  const whole = judgeText(decoded, repaired, { minCharacters: 0 });
  const long = judgeText('', repaired, section);
  const foreign =
    section.languages.length > 0 && !section.languages.includes(language)
      ? { reason: 'language.other', detail: found }
      : section.languages.length > 0 && score < section.minLanguageScore
        ? { reason: 'language.unsure', detail: found }
        : undefined;
  return {
    language: found,
    verdicts: [
      passedOr('whole text', whole.kind === 'dropped' ? whole : undefined, 'no NUL, broken character or mojibake'),
      passedOr(
        'too-short',
        long.kind === 'dropped' ? long : undefined,
        `${repaired.length} characters, at least ${section.minCharacters}`,
      ),
      ...(section.languages.length === 0 ? [] : [passedOr('language', foreign, found)]),
      ...corpusRules(document.source, stages, { section, corpus }),
      ...publishedRules(stages, section),
      ...(await loadedRules(stages, section, places)),
      ...missingRules(document, stages, section),
    ],
  };
}
