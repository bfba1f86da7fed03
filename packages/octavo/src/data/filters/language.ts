import type { Dropped } from './verdict.js';

export const languageReasons = ['language.other', 'language.unsure'] as const;

export interface LanguageRules {
  readonly languages: readonly string[];
  readonly minLanguageScore: number;
}

/** Says of a text in which language it is, and how sure that is from 0 to 1. */
type Identify = (text: string) => { readonly language: string; readonly score: number };

/** The middle of a long text is enough, and less often a heading or a licence than its beginning. */
const looked = 4000;

/** Letters of no language: addresses, tags and code. */
const noise = /https?:\/\/\S+|[\w.+-]+@[\w.-]+|<[^<>]{0,200}>/g;

/** Loads the identifier: ELD, 60 languages, 3 MB of n-grams. Source: Nito-ELD (npm `eld`). */
export async function loadIdentifier(): Promise<Identify> {
  const { eld } = await import('eld');
  if ('load' in eld) await eld.load('small');
  return (text) => {
    const from = Math.max(0, (text.length - looked) >> 1);
    const found = eld.detect(text.slice(from, from + looked).replaceAll(noise, ' '));
    return { language: found.language, score: found.getScores()[found.language] ?? 0 };
  };
}

/** Keeps the languages that are wanted; where none are named, all. */
export async function languageStage({ languages, minLanguageScore }: LanguageRules) {
  if (languages.length === 0) return () => undefined;
  const identify = await loadIdentifier();
  return (text: string): Dropped<(typeof languageReasons)[number]> | undefined => {
    const { language, score } = identify(text);
    const detail = `${language === '' ? 'none' : language} ${score.toFixed(2)}`;
    if (!languages.includes(language)) return { reason: 'language.other', detail };
    return score < minLanguageScore ? { reason: 'language.unsure', detail } : undefined;
  };
}
