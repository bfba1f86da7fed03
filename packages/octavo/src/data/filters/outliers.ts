import { z } from 'zod';
import { addCharacters, packCharacters } from '../../text/index.js';
import { type CharacterModel, characterModel } from './character-model.js';
import { alignedCopy, bytesOf, type CorpusPass } from './corpus-pass.js';
import { above, below, type Dropped } from './verdict.js';

export const outlierFields = {
  rule: z
    .enum(['iqr', 'z-score'])
    .default('iqr')
    .describe(
      'iqr: beyond the quartiles by a multiple of their distance; z-score: by standard deviations from the mean.',
    ),
  iqrFactor: z.number().min(0).default(3).describe('Distances between the quartiles; 3 is far out by Tukey.'),
  zScore: z.number().min(0).default(4).describe('Standard deviations.'),
  length: z.boolean().default(true).describe('Documents far shorter or longer than the rest: outlier.length.'),
  symbols: z.boolean().default(true).describe('With far more marks and symbols: outlier.symbols.'),
  perplexity: z
    .boolean()
    .default(true)
    .describe('Unlike the rest by a model of 4 characters trained on the corpus itself: outlier.perplexity.'),
  minDocuments: z.number().int().min(4).default(100).describe('Below so many documents nothing is an outlier.'),
} as const;
export type OutlierRules = z.infer<z.ZodObject<typeof outlierFields>>;

export const outlierReasons = ['outlier.length', 'outlier.symbols', 'outlier.perplexity'] as const;
type OutlierReason = (typeof outlierReasons)[number];
export interface OutlierFigure {
  readonly reason: OutlierReason;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
type Measure = 'length' | 'symbols' | 'perplexity';
const measures: readonly Measure[] = ['length', 'symbols', 'perplexity'];

/** Quantiles from a histogram of fixed size: an error below a thousandth of the range. */
export function spread(low: number, high: number) {
  const binCount = 4096;
  /** How many, their mean, the sum of squares around it, then the bins. */
  const memory = new Float64Array(3 + binCount);
  const bins = memory.subarray(3);
  const moments = () => ({ count: memory[0] ?? 0, mean: memory[1] ?? 0, squares: memory[2] ?? 0 });
  const quantile = (share: number): number => {
    let left = share * moments().count;
    for (const [bin, held] of bins.entries()) {
      if (held > 0 && left <= held) return low + ((bin + left / held) / bins.length) * (high - low);
      left -= held;
    }
    return high;
  };
  return {
    memory,
    add: (value: number) => {
      const bin = Math.floor(((value - low) / (high - low)) * bins.length);
      const at = Math.min(bins.length - 1, Math.max(0, bin));
      bins[at] = (bins[at] ?? 0) + 1;
      const { count, mean, squares } = moments();
      const apart = value - mean;
      const next = mean + apart / (count + 1);
      memory.set([count + 1, next, squares + apart * (value - next)]);
    },
    /** Between which values lies what is no outlier. */
    bounds: ({ rule, iqrFactor, zScore, minDocuments }: OutlierRules): readonly [number, number] => {
      const { count, mean, squares } = moments();
      if (count < minDocuments) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      const [q1, q3] = [quantile(0.25), quantile(0.75)];
      const reach = rule === 'iqr' ? iqrFactor * (q3 - q1) : zScore * Math.sqrt(squares / count);
      return rule === 'iqr' ? [q1 - reach, q3 + reach] : [mean - reach, mean + reach];
    },
  };
}

const symbol = /[^\p{L}\p{N}\s]/u;
/** By UTF-16 unit: 1 where it is a symbol; made when first needed. */
let symbols: Uint8Array | undefined;

/** Code points that are no letter, digit or white space; a lone surrogate is one. */
function symbolsIn(text: string): number {
  symbols ??= Uint8Array.from({ length: 65_536 }, (_, code) => Number(symbol.test(String.fromCharCode(code))));
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const point = code < 0xd800 || code > 0xdbff ? code : (text.codePointAt(at) ?? code);
    if (point === code) count += symbols[code] ?? 0;
    else {
      count += Number(symbol.test(String.fromCodePoint(point)));
      at++;
    }
  }
  return count;
}

function measure(text: string, which: Measure, model: CharacterModel): number {
  if (which === 'length') return Math.log(Math.max(1, text.length));
  if (which === 'symbols') return symbolsIn(text) / Math.max(1, text.length);
  return Math.log(model.perplexity(text));
}

/** What a figure is called in a detail: length and perplexity are compared by their logarithms. */
const shown = (which: Measure, value: number): number => (which === 'symbols' ? value : Math.exp(value));

/** What was measured of some documents, one after another, and the place of one among them. */
export interface Measured {
  readonly values: Float64Array;
  readonly at: number;
}

/** Outliers of a corpus: learn from all texts, then measure all, then judge any. */
export function outliers(rules: OutlierRules) {
  const model = characterModel();
  const used = measures.filter((which) => rules[which]);
  const spreads = { length: spread(0, 20), symbols: spread(0, 1), perplexity: spread(0, 12) };
  let bounds: ReadonlyMap<Measure, readonly [number, number]> | undefined;
  const figureOf = (text: string, which: Measure, known?: number): OutlierFigure => {
    bounds ??= new Map(used.map((one) => [one, spreads[one].bounds(rules)]));
    const value = known ?? measure(text, which, model);
    const [low, high] = bounds.get(which) ?? [value, value];
    return {
      reason: `outlier.${which}`,
      value: shown(which, value),
      // Few symbols are no fault.
      low: which === 'symbols' ? Number.NEGATIVE_INFINITY : shown(which, low),
      high: shown(which, high),
    };
  };
  const learning: CorpusPass = {
    memory: [bytesOf(model.table)],
    begin: () => {
      const part = characterModel();
      return { observe: (_, text) => part.learn(text), lesson: () => packCharacters(part.table) };
    },
    take: (lesson) => addCharacters(model.table, lesson),
  };
  const measuring: CorpusPass = {
    memory: used.map((which) => bytesOf(spreads[which].memory)),
    begin: () => {
      const values: number[] = [];
      return {
        observe: (_, text) => {
          for (const which of used) values.push(measure(text, which, model));
        },
        lesson: () => bytesOf(Float64Array.from(values)),
      };
    },
    take: (lesson) => {
      for (const [at, value] of new Float64Array(alignedCopy(lesson)).entries()) {
        const which = used[at % used.length];
        if (which !== undefined) spreads[which].add(value);
      }
    },
  };
  return {
    passes: rules.perplexity ? [learning, measuring] : [measuring],
    /** What is known from measuring need not be measured again. */
    judge: (text: string, measured?: Measured): Dropped<OutlierReason> | undefined => {
      for (const [place, which] of used.entries()) {
        const known = measured?.values[measured.at * used.length + place];
        const { reason, value, low, high } = figureOf(text, which, known);
        if (value > high) return above(reason, value, high);
        if (value < low) return below(reason, value, low);
      }
      return undefined;
    },
    /** Each figure of a text, and between which values it is no outlier. */
    figures: (text: string): readonly OutlierFigure[] => used.map((which) => figureOf(text, which)),
  };
}
