import {
  characterBits,
  closing,
  digit,
  hyphen,
  letter,
  lower,
  opening,
  punctuation,
  quote,
  space,
  symbol,
  terminal,
  upper,
} from './characters.js';

/** The words of a text as places in it: word n is `text.slice(starts[n], ends[n])`. Marks are words by themselves. */
export interface Words {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** All bits of a word's characters, or-ed; `punctuation` only where each character has it. */
  readonly bits: Uint16Array;
}

const bits = characterBits();
/** Reused from text to text; what is handed out is a copy. */
let starts = new Int32Array(4096);
let ends = new Int32Array(4096);
let kinds = new Uint16Array(4096);
let count = 0;
let text = '';

function grow(): void {
  const wider = <T extends Int32Array | Uint16Array>(from: T, into: T): T => {
    into.set(from);
    return into;
  };
  starts = wider(starts, new Int32Array(starts.length * 2));
  ends = wider(ends, new Int32Array(ends.length * 2));
  kinds = wider(kinds, new Uint16Array(kinds.length * 2));
}

const at = (place: number): number => bits[text.charCodeAt(place)] ?? 0;

/** Notes a word, if it has a character. */
function put(from: number, to: number): void {
  if (from >= to) return;
  let any = 0;
  let every = punctuation;
  for (let place = from; place < to; place++) {
    const of = at(place);
    any |= of;
    every &= of;
  }
  if (count === starts.length) grow();
  starts[count] = from;
  ends[count] = to;
  kinds[count++] = (any & ~punctuation) | every;
}

/** Words that a full stop belongs to, without it. */
const abbreviations = new Set(
  'Adm Ak Ala Apr Ariz Ark Aug Bros Calif Co Colo Conn Corp Dec Del Dr E.G E.g Feb Fla Ga Gen Gov I.E I.e Ia Id Ill Inc Ind Jan Jr Jul Jun Kan Kans Ky La Ltd Mar Mass Md Messrs Mich Minn Miss Mo Mont Mr Mrs Ms Mt Neb Nebr Nev Nov Oct Okla Ore Pa Ph.D Prof Rep Rev Sen Sep Sept St Tenn Va Wash Wis co vs a.m p.m e.g i.e D.C N.C N.D N.H N.J N.M N.Y S.C v.s'.split(
    ' ',
  ),
);
/** Endings that are cut off words such as don't, we'll, they've. */
const contraction =
  /^(?:(?:ai|are|ca|could|dare|did|do|does|had|has|have|is|may|might|must|need|ought|sha|should|was|were|wo|would)n['’]t|(?:i|you|he|she|it|we|they|that|this|there|these|those|what|who|where|when|why|how|could|might|must|should|would|not)['’](?:ll|ve|re|d|m)|let['’]s)$/i;
/** Two words written as one, and how long the first is. */
const joined = new Map([
  ['cannot', 3],
  ['gonna', 3],
  ['gotta', 3],
]);
const units = new Set(
  'km m dm cm mm ha nm yd in ft kg g mg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K %'.split(
    ' ',
  ),
);
const isUrl =
  /^(?:[a-z]{2,10}:\/\/)?(?:[^\s@/]+@)?(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[A-Za-z0-9\u00a1-\uffff][A-Za-z0-9_\u00a1-\uffff-]{0,62}\.)+[a-z\u00a1-\uffff]{2,63})\.?(?::\d{2,5})?(?:[/?#]\S*)?$/;

const isWhole = (from: number, to: number): boolean =>
  to - from <= 6 && text.charCodeAt(to - 1) === 46
    ? to - from === 2
      ? (at(from) & lower) !== 0
      : abbreviations.has(text.slice(from, to - 1))
    : false;

/** Where a run of at least two dots from `from` on ends; `from` if there is none. */
function dots(from: number, to: number): number {
  let end = from;
  while (end < to && text.charCodeAt(end) === 46) end++;
  return end - from >= 2 ? end : from;
}

function openingLength(from: number, to: number): number {
  const of = at(from);
  const code = text.charCodeAt(from);
  if (of & opening) return code >= 0xd83c && code <= 0xd83e && from + 1 < to ? 2 : 1;
  if (code === 43) return from + 1 < to && at(from + 1) & digit ? 0 : 1;
  if (code === 46) return dots(from, to) - from;
  return 0;
}

function closingLength(from: number, to: number): number {
  const last = to - 1;
  const of = at(last);
  const code = text.charCodeAt(last);
  if (of & closing) return 1;
  if (code >= 0xdc00 && code <= 0xdfff && to - from > 1 && at(to - 2) & symbol) return 2;
  const before = to - from > 1 ? at(to - 2) : 0;
  const beforeCode = to - from > 1 ? text.charCodeAt(to - 2) : 0;
  if (code === 46) {
    let start = last;
    while (start > from && text.charCodeAt(start - 1) === 46) start--;
    if (to - start >= 2) return to - start;
    if (
      before & (digit | lower | quote) ||
      (before & letter && !(before & upper)) ||
      beforeCode === 37 ||
      beforeCode === 0xb2 ||
      beforeCode === 45 ||
      beforeCode === 43
    )
      return 1;
    if (before & closing && before & opening && !(before & symbol)) return 1;
    return before & upper && to - from > 2 && at(to - 3) & upper ? 1 : 0;
  }
  if ((code === 115 || code === 83) && (beforeCode === 39 || beforeCode === 0x2019)) return 2;
  if (code === 43 || /\p{Sc}/u.test(text[last] ?? '')) return before & digit ? 1 : 0;
  if (of & letter || code === 37) {
    for (let length = Math.min(4, to - from - 1); length > 0; length--) {
      if (at(to - length - 1) & digit && units.has(text.slice(to - length, to))) return length;
    }
  }
  return 0;
}

/** Length of the mark at `place` that parts a word into two, 0 if there is none. */
function infixLength(from: number, place: number, to: number): number {
  const of = at(place);
  if (of & (letter | digit)) return 0;
  const code = text.charCodeAt(place);
  if (code === 0x2026) return 1;
  if (of & symbol) return code >= 0xd800 && code <= 0xdfff ? 2 : 1;
  if (code === 46) {
    const length = dots(place, to) - place;
    if (length > 0) return length;
  }
  if (place === from || place + 1 >= to) return 0;
  const before = at(place - 1);
  const after = at(place + 1);
  if ((code === 43 || code === 45 || code === 42 || code === 94) && before & digit)
    if (after & digit || text.charCodeAt(place + 1) === 45) return 1;
  if (code === 46) return before & (lower | quote) && after & (upper | quote) ? 1 : 0;
  if (of & hyphen && before & (letter | digit)) {
    let end = place + 1;
    while (end < to && end - place < 3 && text.charCodeAt(end) === code) end++;
    return end < to && at(end) & letter ? end - place : 0;
  }
  if (code === 44) return before & letter && after & letter ? 1 : 0;
  if (code === 58 || code === 60 || code === 62 || code === 61 || code === 47)
    return before & (letter | digit) && after & letter ? 1 : 0;
  return 0;
}

function putInner(from: number, to: number): void {
  if (isWhole(from, to)) {
    put(from, to);
    return;
  }
  let dot = false;
  let slash = false;
  let apostrophe = false;
  let plain = true;
  for (let place = from; place < to; place++) {
    if (at(place) & (letter | digit)) continue;
    plain = false;
    const code = text.charCodeAt(place);
    if (code === 46) dot = true;
    else if (code === 47) slash = true;
    else if (code === 39 || code === 0x2019) apostrophe = true;
  }
  if (plain && to - from <= 6) {
    const cut = joined.get(text.slice(from, to).toLowerCase());
    if (cut !== undefined) {
      put(from, from + cut);
      put(from + cut, to);
      return;
    }
  }
  if (plain) {
    put(from, to);
    return;
  }
  if (apostrophe && to - from < 12) {
    const word = text.slice(from, to);
    if (contraction.test(word)) {
      const mark = Math.max(word.lastIndexOf("'"), word.lastIndexOf('’'));
      const cut = word[mark + 1]?.toLowerCase() === 't' ? mark - 1 : mark;
      put(from, from + cut);
      put(from + cut, to);
      return;
    }
  }
  if (dot && to - from < 2048 && (slash || to - from < 256) && isUrl.test(text.slice(from, to))) {
    put(from, to);
    return;
  }
  let start = from;
  for (let place = from; place < to; ) {
    const length = infixLength(from, place, to);
    if (length === 0) {
      place++;
      continue;
    }
    put(start, place);
    put(place, place + length);
    place += length;
    start = place;
  }
  put(start, to);
}

/** One run of characters without white space: marks are taken off at both ends, then what is left may be cut inside. */
function putChunk(from: number, to: number): void {
  let first = from;
  let last = to;
  let closed = 0;
  while (first < last && !isWhole(first, last)) {
    const open = openingLength(first, last);
    if (open > 0) {
      put(first, first + open);
      first += open;
      continue;
    }
    const close = closingLength(first, last);
    if (close === 0 || close === last - first) break;
    last -= close;
    if (closed === tail.length) tail.push(0);
    tail[closed++] = last;
  }
  if (first < last) putInner(first, last);
  for (let end = to; closed > 0; ) {
    const begin = tail[--closed] ?? to;
    end = closed > 0 ? (tail[closed - 1] ?? to) : to;
    put(begin, end);
  }
}
const tail: number[] = [];

/**
 * Splits a text into words much as spaCy's English rules do: at white space, then marks, contractions and hyphens.
 * An ideograph is no boundary here: text without spaces has long words.
 */
export function wordsOf(given: string): Words {
  text = given;
  count = 0;
  const length = text.length;
  for (let place = 0; place < length; ) {
    while (place < length && at(place) & space) place++;
    const from = place;
    let plain = true;
    for (; place < length; place++) {
      const of = at(place);
      if (of & space) break;
      if (!(of & letter)) plain = false;
    }
    if (plain && !(place - from <= 6 && place - from >= 5)) put(from, place);
    else putChunk(from, place);
  }
  text = '';
  return { count, starts: starts.slice(0, count), ends: ends.slice(0, count), bits: kinds.slice(0, count) };
}

/** A rough count of sentences: one more wherever words follow the end of another. */
export function sentencesOf(words: Words): number {
  let sentences = words.count > 0 ? 1 : 0;
  let ended = false;
  for (let n = 0; n < words.count; n++) {
    const of = words.bits[n] ?? 0;
    const isEnd =
      (of & terminal) !== 0 && (of & punctuation) !== 0 && (words.ends[n] ?? 0) - (words.starts[n] ?? 0) === 1;
    if (isEnd) ended = true;
    else if (ended && !(of & punctuation)) {
      sentences++;
      ended = false;
    }
  }
  return sentences;
}
