/** The second pass over wikitext: what stands inside a line or a paragraph. */
import { htmlTree } from './html-tree.js';
import { mark } from './wikitext-marks.js';
import type { Verbatim } from './wikitext-scan.js';

/**
 * A line without the apostrophes of italics and bold: two, three or five. Where both kinds are left open, one of three is an
 * apostrophe before italics, as in l'''Iliade''; as MediaWiki has it, the first after a word of one letter, else after a word.
 */
export function withoutQuotes(line: string): string {
  if (!line.includes("''")) return line;
  const runs = [...line.matchAll(/'{2,}/g)];
  const lengths = runs.map(([run]) => run.length);
  const bold = lengths.filter((length) => length !== 2).length;
  const italic = lengths.filter((length) => length === 2 || length >= 5).length;
  let apostrophe = -1;
  if (bold % 2 === 1 && italic % 2 === 1) {
    const fits = (pattern: RegExp) =>
      runs.findIndex(
        ({ 0: run, index }) => run.length === 3 && pattern.test(line.slice(Math.max(0, index - 2), index)),
      );
    for (const pattern of [/(^|\s)\S$/, /\S$/, /./]) if (apostrophe === -1) apostrophe = fits(pattern);
  }
  let text = '';
  let at = 0;
  for (const [number, { 0: run, index }] of runs.entries()) {
    const kept = number === apostrophe || run.length === 4 ? 1 : Math.max(0, run.length - 5);
    text += line.slice(at, index) + "'".repeat(kept);
    at = index + run.length;
  }
  return text + line.slice(at);
}

/** A place where a template was dropped leaves no empty brackets, no separators next to nothing and no second space. */
function withoutGaps(text: string): string {
  if (!text.includes(mark.gone)) return text;
  const pieces: string[] = [];
  let before = '';
  const dropEnd = (pattern: RegExp) => {
    while (pattern.test(before.slice(-1))) before = before.slice(0, -1);
  };
  for (const [number, piece] of text.split(mark.gone).entries()) {
    let next = piece;
    if (number > 0) {
      const start = next.search(/[^\s]/);
      const follows = start === -1 ? '' : next.charAt(start);
      const last = before.trimEnd().slice(-1);
      if (/[;,:，；：、]/.test(last) && /[)）]/.test(follows)) dropEnd(/[\s;,:，；：、]/);
      if (/[(（]/.test(before.trimEnd().slice(-1))) {
        next = next.replace(/^[\s;,:，；：、]+/, '');
        if (/^[)）]/.test(next)) {
          dropEnd(/\s/);
          before = before.slice(0, -1);
          dropEnd(/\s/);
          next = next.slice(1);
        } else dropEnd(/\s/);
      } else if (/[)）.,;:!?，。；：、！？]/.test(follows)) {
        dropEnd(/\s/);
        next = next.slice(start);
      } else if (/^\s/.test(next)) dropEnd(/\s/);
      if (before === '') before = pieces.pop() ?? '';
    }
    pieces.push(before);
    before = next;
  }
  const whole = pieces.join('') + before;
  // What would begin with the point of a sentence that is gone.
  return text.trimStart().startsWith(mark.gone) ? whole.replace(/^[\s.,;:]+(?=\s|$)/, '') : whole;
}

const named = new Map<string, string>();
function namedEntity(whole: string): string {
  const known = named.get(whole);
  if (known !== undefined) return known;
  // HTML takes &not; out of &nothing; wikitext does not.
  const found = htmlTree(whole).children.join('');
  const text = found.endsWith(';') && found !== ';' ? whole : found;
  if (named.size < 4000) named.set(whole, text);
  return text;
}

const entity = (whole: string, hex: string | undefined, decimal: string | undefined): string => {
  if (hex === undefined && decimal === undefined) return namedEntity(whole);
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  if (code < 32 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return ' ';
  return String.fromCodePoint(code);
};
const withoutEntities = (text: string): string =>
  text.includes('&') ? text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|[a-z][a-z0-9]{1,30});/gi, entity) : text;

const plainDigits = '0123456789+-−=()n';
const raised = Array.from('⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ');
const lowered = Array.from('₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₙ');

/** Raised and lowered numbers as characters of their own, since 10<sup>6</sup> is not 106. */
function withScripts(text: string): string {
  if (!text.includes('<su')) return text;
  return text
    .replaceAll(/<(sup|sub)>([^<>]*)<\/\1>/g, (_, kind: string, inside: string) => {
      const to = Array.from(inside.trim(), (one) => (kind === 'sup' ? raised : lowered)[plainDigits.indexOf(one)]);
      return to.length <= 20 && to.every((one) => one !== undefined) ? to.join('') : inside;
    })
    .replaceAll(/<\/?su[pb]>/g, '');
}

const switches =
  /__(?:(?:NO|FORCE)?TOC|NOEDITSECTION|(?:NO)?NEWSECTIONLINK|NOGALLERY|HIDDENCAT|NO(?:CONTENT|TITLE)CONVERT|NOCC|NOTC|START|END|(?:NO)?INDEX|STATICREDIRECT|DISAMBIG|NOGLOBAL|ARCHIVEDTALK|NOTALK|EXPECT[A-Z]+|(?=[^\p{ASCII}])\p{L}+)__/gu;

/** `-{zh-hans:甲; zh-hant:乙}-` in the first of its forms; with flags such as H and T it is a rule, and no text. */
const variant = (_: string, inside: string): string => {
  const bar = inside.indexOf('|');
  const flags = bar === -1 ? '' : inside.slice(0, bar);
  if (/[HT-]/.test(flags)) return '';
  const text = inside.slice(bar + 1);
  const form = /^\s*[a-z]{2,3}(?:-[a-z]+)?\s*:([^;]*)/i.exec(text);
  return form === null ? text : (form[1] ?? '').trim();
};

/** Text of one or more lines, which becomes one; `mark.line` is a line end, `mark.paragraph` stays. */
export function inlineText(lines: string, verbatim: readonly Verbatim[]): string {
  let text = lines.includes('-{') ? lines.replaceAll(/-\{([^{}]*)\}-/g, variant) : lines;
  if (text.includes('__')) text = text.replaceAll(switches, '');
  text = withScripts(withoutEntities(withoutGaps(text)))
    .replaceAll(/\s+/g, ' ')
    .replaceAll(lineEnd, '\n')
    .trim();
  if (!text.includes(mark.verbatim)) return text;
  return text.replaceAll(placed, (_, number: string) => withoutEntities(verbatim[Number(number)]?.text ?? ''));
}

const lineEnd = new RegExp(` ?${mark.line} ?`, 'g');
const placed = new RegExp(`${mark.verbatim}(\\d+)${mark.verbatimEnd}`, 'g');
