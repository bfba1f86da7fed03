import { z } from 'zod';
import { loadPeers } from './peer.js';

interface Stemmer {
  readonly stem: (word: string) => string;
}
const Module = z.object({
  newStemmer: z.custom<(algorithm: string) => Stemmer>((given) => typeof given === 'function'),
});

/** Snowball's algorithms that give what Snowball itself publishes for its vocabulary, bar a few words in a hundred. */
const algorithms: Readonly<Record<string, string>> = {
  ca: 'catalan',
  da: 'danish',
  de: 'german',
  en: 'english',
  es: 'spanish',
  eu: 'basque',
  fi: 'finnish',
  fr: 'french',
  hu: 'hungarian',
  hy: 'armenian',
  it: 'italian',
  nl: 'dutch',
  no: 'norwegian',
  pt: 'portuguese',
  ru: 'russian',
  sv: 'swedish',
};

/** Words remembered: a language uses the same ones again and again. */
const remembered = 1 << 17;

/** The stemmer of a language, undefined where there is none. Source: Porter, Snowball (snowballstem.org). Errors: PACKAGE_ABSENT. */
export function stemmerOf(language: string): ((word: string) => string) | undefined {
  const algorithm = Object.hasOwn(algorithms, language) ? algorithms[language] : undefined;
  if (algorithm === undefined) return undefined;
  const [module] = loadPeers(['snowball-stemmers']);
  const stemmer = Module.parse(module).newStemmer(algorithm);
  const stems = new Map<string, string>();
  return (word) => {
    const before = stems.get(word);
    if (before !== undefined) return before;
    if (stems.size >= remembered) stems.clear();
    const stem = stemmer.stem(word.toLowerCase());
    stems.set(word, stem);
    return stem;
  };
}
