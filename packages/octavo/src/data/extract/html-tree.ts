/**
 * HTML as a light tree: made in one pass, of bounded depth and size, from whatever comes. It is no browser's tree: tags that
 * imply the end of others are known, misnested ones are closed in the simplest way.
 */
import { Tokenizer } from 'htmlparser2';

export interface HtmlElement {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (HtmlElement | string)[];
  readonly parent: HtmlElement | undefined;
}

export const htmlLimits = {
  /** Characters of a page; what comes after is not read. */
  characters: 32 * 1024 * 1024,
  /** Elements inside one another; what lies deeper joins the deepest. */
  depth: 192,
  /** Elements of one page; from there on tags are read over, text is kept. */
  elements: 400_000,
  /** Attributes of one element, and characters of one value. */
  attributes: 64,
  attributeCharacters: 4096,
} as const;

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

const empty = words('area base br col embed hr img input link meta param source track wbr');
/** Elements whose start ends an open paragraph. */
const endsParagraph = words(
  'address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre section table ul',
);
/** For each tag, the open tags that its start ends, and those that shield what lies above them. */
const impliedEnds: ReadonlyMap<string, { readonly ends: ReadonlySet<string>; readonly shield: ReadonlySet<string> }> =
  new Map(
    Object.entries({
      li: ['li', 'ul ol menu'],
      dt: ['dt dd', 'dl'],
      dd: ['dt dd', 'dl'],
      tr: ['tr td th caption', 'table'],
      td: ['td th', 'tr table'],
      th: ['td th', 'tr table'],
      tbody: ['tr td th thead tbody tfoot caption', 'table'],
      thead: ['tr td th thead tbody tfoot caption', 'table'],
      tfoot: ['tr td th thead tbody tfoot caption', 'table'],
      option: ['option', 'select'],
      optgroup: ['option optgroup', 'select'],
      body: ['head', 'html'],
    }).map(([tag, [ends = '', shield = '']]) => [tag, { ends: words(ends), shield: words(shield) }]),
  );
/** An end tag of these does not reach over an open element of any other kind. */
const inline = words(
  'a abbr b big cite code del em font i ins kbd label mark q s samp small span strike strong sub sup tt u',
);
/** What a head may hold: any other tag ends it. */
const inHead = words('base basefont bgsound link meta noscript script style template title');
/** An end tag inside one of these does not reach beyond it. */
const fences = words('table td th caption button object');

const noAttributes = new Map<string, string>();

/** The tree of a page; in XML, `<a/>` is whole. Time and memory are linear in its length; nothing throws. */
export function htmlTree(page: string, { isXml = false }: { readonly isXml?: boolean } = {}): HtmlElement {
  const html = page.length > htmlLimits.characters ? page.slice(0, htmlLimits.characters) : page;
  const root: HtmlElement = { tag: '#root', attributes: noAttributes, children: [], parent: undefined };
  const open: HtmlElement[] = [root];
  let elements = 0;
  // Tags too deep to be kept: their ends must not end others.
  let overflow = 0;
  let tag = '';
  let attributes = noAttributes;
  let attribute = '';
  let value = '';
  const top = () => open[open.length - 1] ?? root;
  const addText = (text: string) => {
    const { children } = top();
    const last = children.length - 1;
    const before = children[last];
    if (typeof before === 'string') children[last] = before + text;
    else children.push(text);
  };
  const closeTo = (length: number) => {
    open.length = Math.max(1, length);
  };
  const endImplied = (name: string) => {
    if (top().tag === 'head' && !inHead.has(name)) closeTo(open.length - 1);
    if (endsParagraph.has(name)) {
      for (let at = open.length - 1; at > 0; at--) {
        const found = open[at]?.tag ?? '';
        if (found === 'p') return closeTo(at);
        if (!inline.has(found)) return undefined;
      }
      return undefined;
    }
    const rule = impliedEnds.get(name);
    if (rule === undefined) return undefined;
    for (let at = open.length - 1; at > 0; at--) {
      const found = open[at]?.tag ?? '';
      if (rule.shield.has(found)) return undefined;
      if (rule.ends.has(found)) closeTo(at);
    }
    return undefined;
  };
  const start = (closed: boolean) => {
    const name = tag;
    if (name === 'html' && elements > 0) return;
    endImplied(name);
    if (elements >= htmlLimits.elements) return;
    if (open.length >= htmlLimits.depth && !empty.has(name)) {
      if (!closed) overflow++;
      return;
    }
    elements++;
    const parent = top();
    const element: HtmlElement = { tag: name, attributes, children: [], parent };
    parent.children.push(element);
    if (!empty.has(name) && !closed) open.push(element);
  };
  const end = (name: string) => {
    if (name === 'br' || name === 'p') {
      // `</br>` is a break; `</p>` without a paragraph is one of nothing.
      if (name === 'br') top().children.push({ tag: 'br', attributes: noAttributes, children: [], parent: top() });
    }
    if (overflow > 0) {
      overflow--;
      return;
    }
    const isInline = inline.has(name);
    for (let at = open.length - 1; at > 0; at--) {
      const found = open[at]?.tag ?? '';
      if (found === name) return closeTo(at);
      if (fences.has(found) && name !== 'table' && name !== 'tr' && name !== 'tbody') return;
      if (isInline && !inline.has(found)) return;
      if (name === 'p' && found !== 'p' && !inline.has(found)) return;
    }
  };
  const slice = (from: number, to: number) => html.slice(from, to);
  const tokenizer = new Tokenizer(
    { decodeEntities: true, recognizeSelfClosing: isXml },
    {
      onopentagname: (from, to) => {
        tag = slice(from, to).toLowerCase();
        attributes = noAttributes;
      },
      onattribname: (from, to) => {
        attribute = slice(from, Math.min(to, from + 128)).toLowerCase();
        value = '';
      },
      onattribdata: (from, to) => {
        if (value.length < htmlLimits.attributeCharacters)
          value += slice(from, Math.min(to, from + htmlLimits.attributeCharacters));
      },
      onattribentity: (codepoint) => {
        if (value.length < htmlLimits.attributeCharacters) value += String.fromCodePoint(codepoint);
      },
      onattribend: () => {
        if (attributes.size >= htmlLimits.attributes || attributes.has(attribute)) return;
        if (attributes === noAttributes) attributes = new Map();
        attributes.set(attribute, value);
      },
      onopentagend: () => start(false),
      onselfclosingtag: () => start(isXml || tag === 'path' || tag === 'svg' || tag === 'use' || empty.has(tag)),
      onclosetag: (from, to) =>
        end(
          slice(from, Math.min(to, from + 64))
            .trimEnd()
            .toLowerCase(),
        ),
      ontext: (from, to) => addText(slice(from, to)),
      ontextentity: (codepoint) => addText(String.fromCodePoint(codepoint)),
      oncdata: (from, to, offset) => addText(slice(from, to - offset)),
      oncomment: () => undefined,
      ondeclaration: () => undefined,
      onprocessinginstruction: () => undefined,
      onend: () => undefined,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return root;
}

/** All elements below one, itself first, in the order of the page, without recursion. */
export function* elementsOf(root: HtmlElement): Generator<HtmlElement, void, undefined> {
  const waiting: HtmlElement[] = [root];
  for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
    yield element;
    for (let at = element.children.length - 1; at >= 0; at--) {
      const child = element.children[at];
      if (typeof child === 'object') waiting.push(child);
    }
  }
}
