/** Templates of one language's wikis, whose names others have for something else. */
import { measured, named, raised, type Write } from './wikitext-writers.js';

const numeral = /^[IVXLCDM]+$/i;

/** `{{-s2|III|e|I|er}}`: IIIe et Ier siècles av. J.-C. */
const siècle =
  (name: string): Write =>
  ({ all }) => {
    const words = all.filter((part) => part !== '' && !/^(?:e|er|s|siècle)$/.test(part));
    const numerals = words.filter((word) => numeral.test(word));
    if (numerals.length === 0) return '';
    const isBare = numerals.length === words.length;
    const text = words
      .map((word) => (numeral.test(word) ? `${word}${word.toUpperCase() === 'I' ? 'er' : 'e'}` : word))
      .join(isBare ? ' et ' : ' ');
    const isMany = all.includes('s') || (isBare && numerals.length > 1);
    const century = name.includes('mini') ? '' : ` siècle${isMany ? 's' : ''}`;
    return `${text}${century}${name.startsWith('-') ? ' av. J.-C.' : ''}`;
  };

const mois = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' ');
/** `{{date|14|juillet|1789|en France}}` or `{{date|14 juillet 1789}}`. */
const jour: Write = ({ at }) =>
  at(0).includes(' ')
    ? at(0)
    : [at(0) === '1' ? '1er' : at(0), mois[Number(at(1)) - 1] ?? at(1), at(2)].filter((part) => part !== '').join(' ');

const heure: Write = ({ at }) => `${at(0)} h${at(1) === '' ? '' : ` ${at(1)}`}${at(2) === '' ? '' : ` min ${at(2)} s`}`;

const cited =
  (open: string, close: string): Write =>
  ({ all, named: option }) => {
    const text = option('text', 'texte') || (all.at(-1) ?? '');
    return text === '' ? '"' : `${open}${text}${close}`;
  };

const siglo: Write = ({ at }) => {
  const era = at(1) === 'a' ? ' a. C.' : at(1) === 'd' ? ' d. C.' : '';
  return `${at(2).toLowerCase() === 's' ? `${at(2)}iglo ` : ''}${at(0)}${era}`;
};

const writers: Readonly<Record<string, ReadonlyMap<string, Write>>> = {
  de: new Map(named('"', cited('„', '“'))),
  es: new Map(named('siglo', siglo)),
  fr: new Map([
    ...named('date, date-, date de naissance, date de décès', jour),
    ...named('heure', heure),
    ...named('nombre, tmp', measured),
    ...named('exp, exposant', ({ at }) => raised(at(0))),
    ...named('ind', ({ at }) => `<sub>${at(0)}</sub>`),
    ...named('citation, citation étrangère, "', cited('« ', ' »')),
    ...named('début citation', () => '« '),
    ...named('fin citation', () => ' »'),
  ]),
  zh: new Map(named('bd', ({ at }) => `${at(0)}${at(1)}－${at(2)}${at(3)}`)),
};

/** Names with a form of their own. */
const families: Readonly<Record<string, readonly (readonly [RegExp, (name: string) => Write])[]>> = {
  // englisch, französisch, …: the text without the name of its language.
  de: [
    [
      /^(?:en|fr|la|it|es|ru|grc?|nl|pl|pt|sv|da|cs|hu|tr|ar|he|ja|zh|ko)s$/,
      () =>
        ({ at }) =>
          at(0),
    ],
  ],
  fr: [
    [/^-?(?:s|s2|sp)(?: mini)?-?$/, siècle],
    [/^1er [a-zéû]+$/, (name) => () => name],
    [
      /^(?:e|er|re)$/,
      (name) =>
        ({ at }) =>
          at(0) === '' ? name : ` × 10${raised(at(0))}`,
    ],
  ],
};

export const localWriter = (language: string, name: string): Write | undefined =>
  writers[language]?.get(name) ?? families[language]?.find(([pattern]) => pattern.test(name))?.[1](name);
