/** What each UTF-16 unit is to the word splitter and the quality rules: a table of bits, made once. */

/** White space, as it parts words. */
export const space = 1;
/** Stands alone at the start of a word: brackets, quotation marks, separators, currencies, symbols. */
export const opening = 2;
/** Stands alone at the end of a word. */
export const closing = 4;
export const letter = 8;
export const lower = 16;
export const upper = 32;
export const digit = 64;
/** Counts as no word by itself: punctuation in any script, and controls. */
export const punctuation = 128;
export const quote = 256;
/** A symbol or pictograph: a word wherever it stands. */
export const symbol = 512;
/** Ends a sentence. */
export const terminal = 1024;
/** Parts two words that it joins: hyphens. */
export const hyphen = 2048;

const brackets = '()[]{}<>（）〔〕【】《》〈〉⟦⟧「」『』';
const quotes = '\'"”“`‘´’‚,„»«';
const separators = '…,:;!?¿؟¡_#*&。？！，、；：～·।،۔؛٪';

/** Ends of sentences in all scripts (Unicode's Sentence_Terminal). */
const isTerminal = /\p{Sentence_Terminal}/u;
const isSpace = /\s/;
const isCurrency = /\p{Sc}/u;
const isSymbol = /\p{So}/u;

/** Marks that make no word by themselves, beside the ends of sentences and controls. */
const wordless = '!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„\';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_."}►»';

function bitsOf(code: number): number {
  const character = String.fromCharCode(code);
  // Pictographs lie beyond the 16 bits of a unit, mostly behind these three.
  if (code >= 0xd83c && code <= 0xd83e) return symbol | opening | closing;
  if (code >= 0xd800 && code <= 0xdfff) return letter;
  let bits = 0;
  if ((isSpace.test(character) && code !== 0xfeff) || (code >= 0x1c && code <= 0x1f) || code === 0x85) bits |= space;
  if (/\p{L}/u.test(character)) bits |= letter;
  if (/\p{Ll}/u.test(character)) bits |= lower;
  if (/\p{Lu}/u.test(character)) bits |= upper;
  if (code >= 48 && code <= 57) bits |= digit;
  if (quotes.includes(character)) bits |= quote;
  if (quotes.includes(character) || brackets.includes(character) || separators.includes(character))
    bits |= opening | closing;
  if (isSymbol.test(character)) bits |= symbol | opening | closing;
  if (isCurrency.test(character) || '§%='.includes(character)) bits |= opening;
  if ('—–'.includes(character)) bits |= opening | closing;
  if ('-–—~'.includes(character)) bits |= hyphen;
  if (isTerminal.test(character)) bits |= terminal;
  const isControl = code < 9 || (code > 10 && code < 32) || (code >= 127 && code < 160);
  if (isControl || isTerminal.test(character) || wordless.includes(character)) bits |= punctuation;
  return bits;
}

let table: Uint16Array | undefined;

/** The bits of all 65,536 units. */
export function characterBits(): Uint16Array {
  table ??= Uint16Array.from({ length: 65_536 }, (_, code) => bitsOf(code));
  return table;
}
