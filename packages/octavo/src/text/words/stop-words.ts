import { z } from 'zod';
import { loadPeers } from './peer.js';

const Lists = z.record(z.string(), z.array(z.string()));

/** English has no use for a list of 1,298: articles, pronouns, prepositions, conjunctions, auxiliaries, and their short forms. */
const english = new Set(
  `a an the this that these those such
  i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
  it its itself they them their theirs themselves one who whom whose which what
  am is are was were be been being have has had having do does did doing can could may might must shall should will would
  about above across after against along among around as at before behind below beneath beside between beyond by down during
  except for from in inside into like near of off on onto out outside over past since through throughout till to toward towards
  under until up upon with within without
  and but or nor so yet if because although though unless while whereas whether than
  not no all any both each either every few more most much neither none other own same some several very too just only also
  again then once here there when where why how ever never now
  ca wo n't 's 'll 're 've 'd 'm n’t ’s ’ll ’re ’ve ’d ’m`
    .trim()
    .split(/\s+/),
);

/** Says whether a word of a language carries little meaning of its own; of a language without a list no word does. Errors: PACKAGE_ABSENT. */
export function stopWordsOf(language: string): (word: string) => boolean {
  if (language === 'en') return (word) => english.has(word.toLowerCase());
  const [lists] = loadPeers(['stopwords-iso']);
  const list = new Set(Lists.parse(lists)[language]);
  return (word) => list.has(word.toLowerCase());
}
