import type { Row } from '../../formats/index.js';
import { analyserOf, stemmerOf, stopWordsOf } from '../../text/index.js';
import { loadIdentifier } from '../filters/language.js';
import type { ColumnName } from './fields.js';

/**
 * Columns of `columns.parquet`: each list has an item for each word. Absent is what was not asked for, or what the
 * language has no means for.
 */
export const columns = {
  id: 'text',
  language: 'text',
  words: 'texts',
  stopwords: 'flags?',
  stems: 'texts?',
  lemmas: 'texts?',
  pos: 'texts?',
  vector: 'numbers?',
} as const;

const once = <T>(make: (language: string) => T): ((language: string) => T) => {
  const made = new Map<string, T>();
  return (language) => {
    const there = made.get(language) ?? make(language);
    made.set(language, there);
    return there;
  };
};

/** Makes all of a row but its vector. What a language needs is loaded with its first document. Errors: PACKAGE_ABSENT. */
export async function rowMaker(include: readonly ColumnName[]) {
  const identify = await loadIdentifier();
  const tools = once((language) => ({
    analyse: analyserOf(language),
    isStop: include.includes('stopwords') ? stopWordsOf(language) : undefined,
    stem: include.includes('stems') ? stemmerOf(language) : undefined,
  }));
  return (id: string, text: string): Row<typeof columns> => {
    const { language } = identify(text);
    const { analyse, isStop, stem } = tools(language);
    const { words, lemmas, pos } = analyse(text);
    return {
      id,
      language,
      words,
      stopwords: isStop && words.map(isStop),
      stems: stem && words.map(stem),
      lemmas: include.includes('lemmas') ? lemmas : undefined,
      pos: include.includes('pos') ? pos : undefined,
    };
  };
}
