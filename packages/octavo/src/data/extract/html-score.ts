/**
 * Where on a page its main text lies, told by structure alone: long runs of text with few links and with the marks that end
 * sentences in any script. Sums go up the tree once, so the time is linear.
 */
import { type Role, roleOf } from './html-roles.js';
import type { HtmlElement } from './html-tree.js';

/** Elements that flow within a line of text. */
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q ruby rb rp rt s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

export const isInline = ({ tag }: HtmlElement): boolean => inline.has(tag);

/** What an element holds, itself and all below it that is not surely outside. */
export interface Measure {
  readonly role: Role;
  /** Characters of text, white space counted once; those of wide scripts twice, since they say more. */
  readonly text: number;
  /** Of these, characters inside links. */
  readonly linked: number;
  /** Characters of runs that read like prose. */
  readonly prose: number;
  /** Runs that read like prose. */
  readonly runs: number;
  /** The most characters of prose in one element, this or one below, that is named as the article. */
  readonly within: number;
  /** Whether a mark that ends or parts sentences is among the text. */
  readonly marked: boolean;
}

export const linkDensity = ({ text, linked }: Measure): number => (text === 0 ? 0 : linked / text);

const nothing: Measure = { role: 'outside', text: 0, linked: 0, prose: 0, runs: 0, within: 0, marked: false };
const marks = /[.,;:!?\u2026\u3002\uff0c\u3001\uff01\uff1f\uff1b\uff1a\u061f\u060c\u06d4\u0964\u104b\u1362\u17d4]/;

/** Characters of a text as it counts: white space once, a letter of a wide script twice. */
export function weigh(text: string): number {
  let weight = 0;
  let isSpace = false;
  let isBlank = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 0xa0) {
      if (!isSpace) weight++;
      isSpace = true;
      continue;
    }
    isSpace = false;
    isBlank = false;
    const isWide =
      code >= 0x3040 && (code <= 0x30ff || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af));
    weight += isWide ? 2 : 1;
  }
  return isBlank ? 0 : weight;
}

/** White space of any kind and length as one space. */
export const onOneLine = (text: string): string => text.replaceAll(/\s{2,}|[^\S ]/g, ' ');

/** Whether a run of so much text reads like prose: long, or shorter with a mark of a sentence, and not made of links. */
export const isProse = (run: { readonly text: number; readonly linked: number; readonly marked: boolean }): boolean =>
  run.text >= (run.marked ? 40 : 90) && run.linked < 0.4 * run.text;

export interface Measures {
  readonly of: (element: HtmlElement) => Measure;
}

/** Measures every element below the root once. */
export function measurePage(root: HtmlElement): Measures {
  const measures = new Map<HtmlElement, Measure>();
  const measure = (element: HtmlElement, insideLink: boolean): Measure => {
    const role = roleOf(element);
    if (role === 'outside') {
      measures.set(element, nothing);
      return nothing;
    }
    const isLink = insideLink || element.tag === 'a';
    let text = 0;
    let linked = 0;
    let prose = 0;
    let runs = 0;
    let run = { text: 0, linked: 0, marked: false };
    const endRun = () => {
      if (isProse(run)) {
        prose += run.text;
        runs++;
      }
      run = { text: 0, linked: 0, marked: false };
    };
    const isFlow = isInline(element);
    let marked = false;
    let within = 0;
    for (const [at, child] of element.children.entries()) {
      if (typeof child === 'string') {
        const size = weigh(child);
        text += size;
        if (isLink) linked += size;
        run.text += size;
        if (isLink) run.linked += size;
        const isMarked = marks.test(child);
        run.marked ||= isMarked;
        marked ||= isMarked;
        continue;
      }
      const inner = measure(child, isLink);
      text += inner.text;
      linked += inner.linked;
      marked ||= inner.marked;
      within = Math.max(within, inner.within);
      if (isInline(child) && inner.runs === 0) {
        run.text += inner.text;
        run.linked += inner.linked;
        run.marked ||= inner.marked;
      } else if (child.tag !== 'br' || isBreak(element.children, at)) {
        endRun();
        prose += inner.prose;
        runs += inner.runs;
      }
    }
    // An inline element leaves its run to the block around it, unless blocks lie inside it.
    if (!isFlow || runs > 0) endRun();
    if (role === 'article') within = Math.max(within, prose);
    const found = { role, text, linked, prose, runs, within, marked };
    measures.set(element, found);
    return found;
  };
  measure(root, false);
  return { of: (element) => measures.get(element) ?? nothing };
}

/** Whether the line break at a place among siblings is followed by another: then it ends a paragraph. */
export function isBreak(siblings: readonly (HtmlElement | string)[], at: number): boolean {
  for (let next = at + 1; next < siblings.length; next++) {
    const sibling = siblings[next];
    if (typeof sibling === 'object') return sibling.tag === 'br';
    if (sibling?.trim() !== '') return false;
  }
  return false;
}
