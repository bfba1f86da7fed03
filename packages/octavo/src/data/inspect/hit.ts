/** Where in a text a rule found what it dropped the document for, so that a person sees it. */
import { wordsOf } from '../filters/words.js';

export interface Span {
  readonly from: number;
  readonly to: number;
}

type Finder = (text: string, detail: string) => Span | undefined;

const first =
  (pattern: RegExp): Finder =>
  (text) => {
    const found = pattern.exec(text);
    return found === null ? undefined : { from: found.index, to: found.index + found[0].length };
  };

/** The first part between separators that occurred before. */
const repeated =
  (separator: RegExp): Finder =>
  (text) => {
    const seen = new Set<string>();
    let from = 0;
    for (const part of text.split(separator)) {
      const place = text.indexOf(part, from);
      from = place + part.length;
      if (part.trim() !== '' && seen.has(part)) return { from: place, to: from };
      seen.add(part);
    }
    return undefined;
  };

/** The second place of the run of words that occurs most often; how many words it has stands in the detail. */
const run: Finder = (text, detail) => {
  const length = Number(/runs of (\d+) words/.exec(detail)?.[1] ?? 2);
  const { count, starts, ends } = wordsOf(text);
  const places = new Map<string, number[]>();
  for (let at = 0; at + length <= count; at++) {
    const words = Array.from({ length }, (_, n) => text.slice(starts[at + n], ends[at + n])).join(' ');
    const known = places.get(words);
    if (known === undefined) places.set(words, [at]);
    else known.push(at);
  }
  const most = [...places.values()].reduce<readonly number[]>(
    (best, one) => (one.length > best.length ? one : best),
    [],
  );
  const at = most[1];
  return at === undefined ? undefined : { from: starts[at] ?? 0, to: ends[at + length - 1] ?? 0 };
};

/** The symbol, of those that the rule counts, that occurs more often. */
const symbol: Finder = (text) => {
  const ellipsis = /\.\.\.|…/g;
  return first((text.match(/#/g)?.length ?? 0) >= (text.match(ellipsis)?.length ?? 0) ? /#/ : /\.\.\.|…/)(text, '');
};

const longest = (pattern: RegExp): Finder => {
  return (text) => {
    let best: Span | undefined;
    for (const { index, 0: found } of text.matchAll(pattern))
      if (best === undefined || found.length > best.to - best.from) best = { from: index, to: index + found.length };
    return best;
  };
};

const contaminated: Finder = (text, detail) => {
  const words = / has "(.*)"$/s.exec(detail)?.[1]?.split(' ') ?? [];
  if (words.length === 0) return undefined;
  // Each ideograph was a word of its own.
  return first(new RegExp(words.join('[^\\p{L}\\p{N}]*'), 'iu'))(text, detail);
};

const finders: Readonly<Record<string, Finder>> = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what was found.
  binary: first(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/),
  'invalid-utf8': first(/\ufffd|\p{Surrogate}/u),
  mojibake: first(/[\u00c2\u00c3\u00e2][\u0080-\u00bf\u2013-\u2122\u0152-\u0192]+/),
  'gopher.symbol_ratio': symbol,
  'gopher.bullet_lines': first(/^[^\S\n]*[•-].*$/m),
  'gopher.ellipsis_lines': first(/(?:\.\.\.|…)[^\S\n]*$/m),
  'gopher.long_words': longest(/\S+/g),
  'gopher.words_with_letter': first(/(?<!\S)[^\p{L}\s]+(?!\S)/u),
  'gopher.duplicate_lines': repeated(/\n+/),
  'gopher.duplicate_line_characters': repeated(/\n+/),
  'gopher.duplicate_paragraphs': repeated(/\n{2,}/),
  'gopher.duplicate_paragraph_characters': repeated(/\n{2,}/),
  'gopher.top_runs': run,
  'gopher.duplicate_runs': run,
  'c4.lorem_ipsum': first(/lorem ipsum/i),
  'c4.curly_bracket': first(/\{/),
  'fineweb.duplicate_line_characters': repeated(/\n+/),
  'fineweb.short_lines': first(/^(?=.*\S).{1,30}$/m),
  'fineweb.newlines': first(/\n+/),
  contaminated,
};

/** The place in the text that shows the reason best; undefined where the whole text is the reason. */
export const hitOf = ({ reason, detail }: { readonly reason: string; readonly detail: string }, text: string) =>
  Object.hasOwn(finders, reason) ? finders[reason]?.(text, detail) : undefined;

export interface Excerpt {
  readonly text: string;
  /** The place in it that a rule is about. */
  readonly hit?: Span | undefined;
}

/** Cuts no pair of surrogates. */
const whole = (text: string): string => text.replace(/^[\udc00-\udfff]/, '').replace(/[\ud800-\udbff]$/, '');

/** Some characters of a text, around a place in it if there is one; `…` where something is left out. */
export function excerptAround(text: string, hit: Span | undefined, characters: number): Excerpt {
  const width = hit === undefined ? 0 : Math.min(hit.to - hit.from, characters >> 1);
  const from =
    hit === undefined ? 0 : Math.max(0, Math.min(hit.from - ((characters - width) >> 1), text.length - characters));
  const head = from > 0 ? '…' : '';
  const body = whole(text.slice(from, from + characters));
  const tail = from + characters < text.length ? '…' : '';
  if (hit === undefined) return { text: `${body}${tail}` };
  const start = hit.from - from + head.length;
  return { text: `${head}${body}${tail}`, hit: { from: start, to: start + width } };
}
