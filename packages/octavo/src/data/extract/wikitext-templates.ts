/**
 * What a template leaves in the text. A template is a program of its wiki, which a dump of articles does not run, so all are
 * dropped but those whose text is prose and stands in their arguments. Names are those of the English
 * Wikipedia, which others share, and of other languages where no other wiki means something else by them.
 */
import { mark } from './wikitext-marks.js';
import { localWriter } from './wikitext-templates-local.js';
import { type Arguments, first, measured, named, nihongo, quote, raised, type Write } from './wikitext-writers.js';

const last: Write = ({ all }) => all.at(-1) ?? '';
const joined =
  (separator: string, most = 100): Write =>
  ({ all }) =>
    all
      .filter((part) => part !== '')
      .slice(0, most)
      .join(separator);
const after =
  (prefix: string): Write =>
  ({ at }) =>
    `${prefix}${at(0)}`;
const is =
  (text: string): Write =>
  () =>
    text;

const between: ReadonlyMap<string, string> = new Map([
  ...['to', 'and', 'or', 'by'].map((word) => [word, ` ${word} `] as const),
  ...['-', '–', 'to(-)'].map((word) => [word, '–'] as const),
  ...['x', '*', 'xx', '×'].map((word) => [word, ' × '] as const),
  ['+/-', ' ± '],
  ['±', ' ± '],
]);
const units: ReadonlyMap<string, string> = new Map([
  ['C', '°C'],
  ['F', '°F'],
  ['sqmi', 'sq mi'],
  ['sqft', 'sq ft'],
  ['cuft', 'cu ft'],
  ['USgal', 'US gal'],
  ['impgal', 'imp gal'],
  ['acre', 'acres'],
]);
const unit = (code: string): string => units.get(code) ?? code.replace(/^([a-z]+)([23])$/, `$1${raised('$2')}`);
const isNumber = (text: string): boolean => /^[+\-−]?[\d.,/+]+$/.test(text);

/** `{{convert|5|ft|6|in|m}}` as it was measured: 5 ft 6 in. */
const convert: Write = ({ at, all }) => {
  let next = 1;
  let text = at(0);
  for (let word = between.get(at(next)); word !== undefined; word = between.get(at(next))) {
    text += `${word}${at(next + 1)}`;
    next += 2;
  }
  text += ` ${unit(at(next))}`;
  for (next++; next + 1 < all.length && isNumber(at(next)) && !isNumber(at(next + 1)); next += 2)
    text += ` ${at(next)} ${unit(at(next + 1))}`;
  return text.trimEnd();
};

const fraction: Write = ({ all, at }) =>
  all.length >= 3 ? `${at(0)} ${at(1)}/${at(2)}` : all.length === 2 ? `${at(0)}/${at(1)}` : `1/${at(0)}`;

const value: Write = ({ at, named }) => {
  const exponent = named('e');
  const measure = named('u', 'ul');
  const error = at(1) === '' ? '' : ` ± ${at(1)}`;
  return `${at(0)}${error}${exponent === '' ? '' : ` × 10${raised(exponent)}`}${measure === '' ? '' : ` ${measure}`}`;
};

const months = 'January February March April May June July August September October November December'.split(' ');
const asOf: Write = ({ at, named }) => {
  const month = months[Number(at(1)) - 1];
  const word = named('since') === '' ? 'as of' : 'since';
  return `${named('lc') === '' ? `${word.charAt(0).toUpperCase()}${word.slice(1)}` : word} ${month === undefined ? '' : `${month} `}${at(0)}`;
};

const date: Write = ({ all }) =>
  all
    .filter((part) => /^\d+$/.test(part))
    .slice(0, 3)
    .map((part) => part.padStart(2, '0'))
    .join('-');

const soundFlags = /^(lang|local|pron|us|uk|au|also|audio|\d*[a-z].*\.(ogg|oga|wav|mp3))$/i;
const sounds: Write = ({ all }) => `/${all.filter((part) => !soundFlags.test(part)).join('')}/`;

const formula: Write = ({ all }) =>
  all
    .map((part) => (/^\d+$/.test(part) ? `<sub>${part}</sub>` : /^\d*[+\-−]$/.test(part) ? raised(part) : part))
    .join('');

const accidentals: ReadonlyMap<string, string> = new Map([
  ['flat', '♭'],
  ['b', '♭'],
  ['sharp', '♯'],
  ['#', '♯'],
  ['natural', '♮'],
]);

const writers: ReadonlyMap<string, Write> = new Map([
  ...named(
    'nowrap, nobr, no wrap, nobold, noitalic, normal, small, smaller, large, larger, big, huge, center, smallcaps, sc, caps, ' +
      'allcaps, em, strong, bold, italic, math, mvar, bigmath, abbr, tooltip, hover title, vanchor, visible anchor, ill, illm, ' +
      'interlanguage link, interlanguage link multi, le, link-interwiki, 要出典範囲, число, flag, flagu, flagcountry, flag+link, unicode, ' +
      'polytonic, hebrew, hebr, arabic, iast, grc, rtl-lang, nts, nihongo2, ipa, longitem, url, sic, mono, ' +
      'var, code, tt, kbd, samp, term, defn, formatnum, not a typo, typo, lc, uc, lcfirst, ucfirst, plainlist, plain list, ' +
      'flatlist, columns-list, div col content, columns list, startplainlist, bulleted list item, s-, notatypo, audio-nohelp',
    first,
  ),
  ...named('wikt-lang, script, transl, transliteration, translit, font color, fontcolor, color, colour, resize', last),
  ...named(
    'lang, langx, langue, audio, pronunciation, sort',
    (given) => given.named('texte') || given.at(1) || given.at(0),
  ),
  ...named(
    'quote, blockquote, cquote, quotation, quote2, bquote, zitat, zitat-de, cita, cita larga, citation bloc, цитата',
    quote,
  ),
  ...named('poemquote, poem quote, verse', (given) => `${mark.verse}${quote(given)}${mark.verseEnd}`),
  ...named('convert, cvt', convert),
  ...named('unité, unite, unidad', measured),
  ...named('frac, fraction, sfrac, frac2', fraction),
  ...named('val', value),
  ...named('hlist, ubl, ublist, unbulleted list, vunblist, comma separated entries, flatlist inline', joined(', ')),
  ...named('sortname, ship', joined(' ', 2)),
  ...named('bartable', joined('', 2)),
  ...named('gaps, linktext', joined('')),
  ...named('respell, pronunciation respelling', joined('-')),
  ...named('as of, asof', asOf),
  ...named(
    'start date, start-date, end date, end-date, dts, birth date, birth date and age, birth-date, death date, death-date, ' +
      'death date and age, start date and age, film date, birth year and age',
    date,
  ),
  ...named('circa, ca, c., circa-', after('c. ')),
  ...named('floruit, fl.', after('fl. ')),
  ...named('nihongo, nihongo krt, japonais', nihongo),
  ...named('読み仮名, 読み仮名 ruby不使用, ルビ, ruby', ({ at }) => (at(1) === '' ? at(0) : `${at(0)}（${at(1)}）`)),
  ...named('仮リンク, ill2', (given) => given.named('label') || given.at(0)),
  ...named('нп, нп2, нп3, нп5, не переведено, iw', ({ at }) => at(1) || at(0)),
  ...named('tsl, translink', ({ at }) => at(3) || at(2) || at(1)),
  ...named('chem, chem2', formula),
  ...named('sup, smallsup, superscript', ({ at }) => raised(at(0))),
  ...named('sub, subscript', ({ at }) => `<sub>${at(0)}</sub>`),
  ...named('e, exp', ({ at }) => ` × 10${raised(at(0))}`),
  ...named('10^', ({ at }) => `10${raised(at(0))}`),
  ...named('pow', ({ at }) => `${at(0)}${raised(at(1))}`),
  ...named('music', ({ at }) => accidentals.get(at(0)) ?? at(0)),
  ...named('angbr, angle bracket, angle brackets, angbr ipa', ({ at }) => `⟨${at(0)}⟩`),
  ...named('sclass, sclass-, sclass2, sclass2-', ({ at }) => `${at(0)}-class ${at(1)}`),
  ...named('lit, literal translation', ({ at }) => `lit. “${at(0)}”`),
  ...'uss hms ss ms mv rms hmas hmcs hmnzs usns uscgc sms ins'
    .split(' ')
    .map((name) => [name, after(`${name.toUpperCase()} `)] as const),
  ...['us$', 'a$', 'c$', 'nz$', 'hk$', 's$', '£', '€', '¥', '₹', '$'].map(
    (name) => [name, after(name.toUpperCase())] as const,
  ),
  ...named('usd', after('US$')),
  ...named('gbp, pound sterling', after('£')),
  ...named('eur, euro', after('€')),
  ...named('inr', after('₹')),
  ...named('ndash, en dash, endash', is('–')),
  ...named('mdash, em dash, emdash, mdashb', is('—')),
  ...named('snd, snds, spnd, spaced ndash, spaced en dash', is(' – ')),
  ...named('·, •, bull, bullet, dot, middot, \\', is(' · ')),
  ...named('nbsp, spaces, space, thinsp, hair space, thin space', is(' ')),
  ...named('zwj, zwnj, zwsp, shy, wbr', is('')),
  ...["'", '"', '-', '=', ':', ';', '*', '#', '(', ')', '['].map((name) => [name, is(name)] as const),
  ['!', is('|')],
  ['!!', is('||')],
  ['((', is('{{')],
  ['))', is('}}')],
  ["'s", is("'s")],
  ['\' "', is('\' "')],
  ['" \'', is('" \'')],
]);

/** Names with an end of their own, such as lang-fr. */
const families: readonly (readonly [RegExp, Write])[] = [
  [/^(lang|link|script|rtl)[-/]/, first],
  [/フォント$/, first],
  [/^ipac-/, sounds],
  [/^ipa-/, ({ at }) => `[${at(0)}]`],
];

function argumentsOf(parts: readonly string[]): Arguments {
  const all: string[] = [];
  const byName = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = equals === -1 ? '' : part.slice(0, equals).trim().toLowerCase();
    if (/^[1-9]\d?$/.test(name)) all[Number(name) - 1] = part.slice(equals + 1).trim();
    else if (/^[\p{L}_][\p{L}\p{N}_ -]*$/u.test(name)) byName.set(name, part.slice(equals + 1).trim());
    else all.push(part.trim());
  }
  return {
    all: Array.from(all, (part) => part ?? ''),
    at: (position) => all[position] ?? '',
    named: (...names) => names.map((name) => byName.get(name) ?? '').find((text) => text !== '') ?? '',
  };
}

/** The text of a template of so many parts, the first its name; `mark.gone` where it is dropped. `language` is that of the wiki. */
export function templateText(
  parts: readonly string[],
  { title, language }: { readonly title: string; readonly language: string },
): string {
  const [head = '', ...rest] = parts;
  const name = head.replaceAll('_', ' ').replaceAll(/\s+/g, ' ').trim().toLowerCase();
  if (name === 'pagename' || name === 'fullpagename') return title;
  // A function of the parser has its first argument after a colon.
  const colon = name.indexOf(':');
  const local = localWriter(language, name);
  const write =
    local ??
    writers.get(name) ??
    (colon > 0 ? writers.get(name.slice(0, colon)) : undefined) ??
    families.find(([pattern]) => pattern.test(name))?.[1];
  if (write === undefined) return mark.gone;
  const inside =
    local !== undefined || writers.has(name) || colon <= 0 ? rest : [head.slice(head.indexOf(':') + 1), ...rest];
  const text = write(argumentsOf(inside));
  if (text === '') return mark.gone;
  // What begins as a list or a table does so on a line of its own.
  return /^([*#:;]|\{\|)/.test(text) && text.length > 1 ? `\n${text}` : text;
}
