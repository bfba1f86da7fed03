/**
 * The first pass over wikitext: templates, links, comments and tags, innermost first, in one walk with a stack. What is left is
 * lines with quotes, lists, headings and tables in them. Time is linear in the length: each character is looked at a bounded
 * number of times, whatever is left open.
 */
import { linkText, type Namespaces } from './wikitext-links.js';
import { mark } from './wikitext-marks.js';
import { templateText } from './wikitext-templates.js';

/** A text that is no wikitext: code on lines of its own, or characters in a line. */
export interface Verbatim {
  readonly isBlock: boolean;
  readonly text: string;
}

export interface Scanned {
  readonly text: string;
  readonly verbatim: readonly Verbatim[];
}

/** What lies deeper is text of what lies above. */
const mostDepth = 100;

interface Frame {
  readonly kind: 'page' | 'template' | 'link' | 'external';
  /** Braces that are still open. */
  braces: number;
  parts: string[];
  part: string;
}

const token =
  /\{\{+|\}\}+|\[\[(?!\[)|\[(?=https?:\/\/|ftp:\/\/|\/\/|mailto:)|\]\]?|\||<!--|<(\/?)([a-z][a-z0-9]*)([^<>]*)>/gi;

/** Tags whose content is dropped with them. */
const silent = new Set(
  (
    'ref references gallery score timeline graph mapframe maplink templatedata templatestyles imagemap hiero inputbox ' +
    'categorytree includeonly charinsert section indicator style dynamicpagelist listing'
  ).split(' '),
);
/** Tags whose content is no wikitext. */
const literal = new Set('nowiki pre syntaxhighlight source math chem ce'.split(' '));

/** Other tags, as what they are in wikitext or between the passes. */
const asWikitext: ReadonlyMap<string, string> = new Map([
  ...'p div center section article dl ul ol hr'
    .split(' ')
    .flatMap((tag) => [[tag, mark.paragraph] as const, [`/${tag}`, mark.paragraph] as const]),
  ...[1, 2, 3, 4, 5, 6].flatMap((level) => [
    [`h${level}`, `\n${'='.repeat(level)} `] as const,
    [`/h${level}`, ` ${'='.repeat(level)}\n`] as const,
  ]),
  ['br', mark.line],
  ['/br', mark.line],
  ['li', '\n* '],
  ['dt', '\n; '],
  ['dd', '\n: '],
  ['table', '\n{|\n'],
  ['/table', '\n|}\n'],
  ['caption', '\n|+ '],
  ['tr', '\n|-\n'],
  ['td', '\n| '],
  ['th', '\n! '],
  ['blockquote', mark.quote],
  ['/blockquote', mark.quoteEnd],
  ['poem', mark.verse],
  ['/poem', mark.verseEnd],
  ['code', '`'],
  ['/code', '`'],
  ['sup', '<sup>'],
  ['/sup', '</sup>'],
  ['sub', '<sub>'],
  ['/sub', '</sub>'],
]);
/** Tags that are dropped, and their content kept. */
const transparent = new Set(
  (
    'abbr b bdi bdo big cite data del dfn em font i ins kbd mark noinclude onlyinclude q rb rbc rp rt rtc ruby s samp small span ' +
    'strike strong thead tbody tfoot time tt u var wbr li dt dd tr td th caption languages translate tvar phonos'
  ).split(' '),
);

export function scanWikitext(
  source: string,
  options: { readonly namespaces: Namespaces; readonly title: string; readonly language: string },
): Scanned {
  const verbatim: Verbatim[] = [];
  const page: Frame = { kind: 'page', braces: 0, parts: [], part: '' };
  const open: Frame[] = [page];
  const openOf = { page: 1, template: 0, link: 0, external: 0 };
  const overflow = { template: 0, link: 0 };
  let top = page;
  /** Ends that are not to be found any more. */
  const absent = new Set<string>();
  const searched = new Map<string, RegExp>();

  const push = (kind: 'template' | 'link' | 'external', braces = 0) => {
    top = { kind, braces, parts: [], part: '' };
    open.push(top);
    openOf[kind]++;
  };
  const pop = (): readonly string[] => {
    const { kind, parts, part } = top;
    open.pop();
    openOf[kind]--;
    top = open.at(-1) ?? page;
    parts.push(part);
    return parts;
  };
  /** What was opened and never closed is the text that it is, without the marks. */
  const unwind = (kind: Frame['kind']) => {
    while (top.kind !== kind && top !== page) {
      const text = pop().join('|');
      top.part += text;
    }
  };
  const closeTemplate = (given: number) => {
    let braces = given;
    if (overflow.template > 0) {
      overflow.template--;
      return;
    }
    while (braces >= 2 && openOf.template > 0) {
      unwind('template');
      const taken = Math.min(3, braces, top.braces);
      braces -= taken;
      const left = top.braces - taken;
      const parts = pop();
      // {{{name|text}}} stands for what a page gives to a template, or for its text.
      const text = taken === 3 ? parts.slice(1).join('|') : templateText(parts, options);
      if (left >= 2) push('template', left);
      // {{{!}} is how a table begins inside a template.
      top.part += left === 1 && text === '|' ? '{|' : text;
    }
    if (braces === 1 && top.part.endsWith('|')) top.part += '}';
  };
  const closeLink = (given: string): number => {
    if (top.kind === 'external') {
      const text = pop().join('|');
      const space = text.search(/\s/);
      top.part += text.includes('\n') ? text : space === -1 ? '' : text.slice(space + 1);
      return 1;
    }
    if (given.length === 1) {
      top.part += given;
      return 1;
    }
    if (overflow.link > 0) overflow.link--;
    else if (top.kind === 'link') {
      const text = linkText(pop(), options.namespaces);
      top.part += text;
    }
    return 2;
  };
  /** Where the end of a tag is; `undefined` where there is none. Each stretch is searched once a name. */
  const endOf = (name: string, from: number): { readonly start: number; readonly end: number } | undefined => {
    if (absent.has(name)) return undefined;
    // A reference holds no other: one that begins before the end says that this one was left open.
    const pattern = searched.get(name) ?? new RegExp(`</${name}\\s*>${name === 'ref' ? '|<ref[\\s>]' : ''}`, 'gi');
    searched.set(name, pattern);
    pattern.lastIndex = from;
    const found = pattern.exec(source);
    if (found === null) absent.add(name);
    return found === null || !found[0].startsWith('</') ? undefined : { start: found.index, end: pattern.lastIndex };
  };
  const keep = (text: string, isBlock: boolean) => {
    const placed = `${mark.verbatim}${verbatim.length}${mark.verbatimEnd}`;
    verbatim.push({ isBlock, text });
    top.part += isBlock ? `\n\n${placed}\n\n` : placed;
  };
  const keepLiteral = (name: string, content: string, attributes: string) => {
    if (content.trim() === '') return;
    if (name === 'nowiki') keep(content, false);
    else if (name === 'math') keep(`$${content.replaceAll(/\s+/g, ' ').trim()}$`, false);
    else if (name === 'chem' || name === 'ce') keep(`$\\ce{${content.replaceAll(/\s+/g, ' ').trim()}}$`, false);
    else if (/\binline\b/i.test(attributes)) keep(`\`${content.trim()}\``, false);
    else keep(content.replace(/^\s*\n/, '').trimEnd(), true);
  };
  const tag = (
    all: string,
    at: number,
    { closing, name, attributes }: { closing: boolean; name: string; attributes: string },
  ) => {
    const after = at + all.length;
    const isWhole = attributes.endsWith('/');
    if (silent.has(name) || literal.has(name)) {
      if (closing || isWhole) return after;
      const end = endOf(name, after);
      if (end === undefined) return after;
      if (literal.has(name)) keepLiteral(name, source.slice(after, end.start), attributes);
      return end.end;
    }
    const written = asWikitext.get(closing ? `/${name}` : name);
    if (written !== undefined) top.part += written;
    else if (!transparent.has(name)) top.part += all;
    return after;
  };
  const comment = (at: number): number => {
    const end = source.indexOf('-->', at + 4);
    if (end === -1) return source.length;
    // One that has lines to itself takes them with it.
    const isAlone = /(^|\n)[ \t]*$/.test(source.slice(Math.max(0, at - 100), at));
    return isAlone && source.charCodeAt(end + 3) === 10 ? end + 4 : end + 3;
  };

  let at = 0;
  token.lastIndex = 0;
  for (let found = token.exec(source); found !== null; found = token.exec(source)) {
    const all = found[0];
    top.part += source.slice(at, found.index);
    at = found.index + all.length;
    switch (all.charAt(0)) {
      case '{':
        if (open.length > mostDepth) overflow.template++;
        else push('template', all.length);
        break;
      case '}':
        closeTemplate(all.length);
        break;
      case '[':
        if (open.length <= mostDepth) push(all.length === 2 ? 'link' : 'external');
        else if (all.length === 2) overflow.link++;
        break;
      case ']':
        at = found.index + closeLink(all);
        break;
      case '|':
        if (top.kind === 'page' || top.kind === 'external') top.part += all;
        else {
          top.parts.push(top.part);
          top.part = '';
        }
        break;
      default:
        at =
          found[2] === undefined
            ? comment(found.index)
            : tag(all, found.index, {
                closing: found[1] === '/',
                name: found[2].toLowerCase(),
                attributes: found[3] ?? '',
              });
    }
    token.lastIndex = at;
  }
  top.part += source.slice(at);
  unwind('page');
  return { text: page.part, verbatim };
}
