/** The element that holds the main text of a page, and which of what it holds belongs to it. */
import { linkDensity, type Measure, type Measures } from './html-score.js';
import { elementsOf, type HtmlElement } from './html-tree.js';

/** A child that has this share of the prose is where the main text lies: what stands beside it does not belong. */
const dominant = 0.7;

const childrenOf = (element: HtmlElement): readonly HtmlElement[] =>
  element.children.filter((child) => typeof child === 'object');

export interface MainText {
  readonly element: HtmlElement;
  readonly isPart: (element: HtmlElement) => boolean;
}

interface Worth {
  readonly prose: number;
  readonly linked: number;
}

/** Prose and links of each element without what `isOut` says is surroundings. */
function trimmedWorth(
  root: HtmlElement,
  measures: Measures,
  isOut: (measure: Measure) => boolean,
): ReadonlyMap<HtmlElement, Worth> {
  const trimmed = new Map<HtmlElement, Worth>();
  const visit = (element: HtmlElement): Worth | undefined => {
    const measure = measures.of(element);
    if (measure.text === 0 || isOut(measure)) return undefined;
    let { prose, linked } = measure;
    for (const child of childrenOf(element)) {
      const whole = measures.of(child);
      const kept = visit(child);
      prose += (kept?.prose ?? 0) - whole.prose;
      linked += (kept?.linked ?? 0) - whole.linked;
    }
    const worth = { prose: Math.max(0, prose), linked: Math.max(0, linked) };
    trimmed.set(element, worth);
    return worth;
  };
  visit(root);
  return trimmed;
}

/** Names are believed unless the article lies inside, or little is left of the page. */
function trim(root: HtmlElement, measures: Measures) {
  const { prose: all } = measures.of(root);
  const isAround = ({ role, prose, within }: Measure): boolean => {
    if (role !== 'around' && role !== 'hidden') return false;
    if (within >= 0.5 * prose && within >= 0.4 * all) return false;
    return role !== 'hidden' || prose < 0.5 * all;
  };
  const strict = trimmedWorth(root, measures, isAround);
  if ((strict.get(root)?.prose ?? 0) >= Math.max(250, 0.1 * all)) return { trimmed: strict, isOut: isAround };
  const isOut = (measure: Measure) => isAround(measure) && measure.prose < 0.3 * all;
  return { trimmed: trimmedWorth(root, measures, isOut), isOut };
}

/** The element named as the article, where one stands out among those so named. */
function namedArticle(
  root: HtmlElement,
  measures: Measures,
  { proseOf, worthOf }: Record<'proseOf' | 'worthOf', (element: HtmlElement) => number>,
): HtmlElement | undefined {
  const named: HtmlElement[] = [];
  for (const element of elementsOf(root)) {
    if (measures.of(element).role === 'article' && proseOf(element) > 0) named.push(element);
  }
  let best = named[0];
  if (best === undefined) return undefined;
  for (const element of named) if (proseOf(element) > proseOf(best)) best = element;
  const family = new Set(elementsOf(best));
  for (let above = best.parent; above !== undefined; above = above.parent) family.add(above);
  const rival = named.reduce((most, element) => (family.has(element) ? most : Math.max(most, worthOf(element))), 0);
  return worthOf(best) >= 2 * rival && proseOf(best) >= 0.25 * proseOf(root) ? best : undefined;
}

export function mainText(root: HtmlElement, measures: Measures): MainText {
  const { trimmed, isOut } = trim(root, measures);
  const proseOf = (element: HtmlElement) => trimmed.get(element)?.prose ?? 0;
  // Prose less all that is linked: a list of other articles with their first lines is worth less than its length.
  const worthOf = (element: HtmlElement) => Math.max(0, proseOf(element) - (trimmed.get(element)?.linked ?? 0));
  let element = root;
  while (true) {
    const total = proseOf(element);
    let best: HtmlElement | undefined;
    for (const child of childrenOf(element)) {
      if (best === undefined || proseOf(child) > proseOf(best)) best = child;
    }
    if (best === undefined || proseOf(best) === 0) break;
    if (proseOf(best) < dominant * total) {
      const named = namedArticle(element, measures, { proseOf, worthOf });
      if (named === undefined || named === element) break;
      best = named;
    }
    element = best;
  }
  // A single paragraph that dominates is no container.
  if (element.tag === 'p' && element.parent !== undefined) element = element.parent;
  const isPart = (one: HtmlElement): boolean => {
    const measure: Measure = measures.of(one);
    if (measure.role === 'outside') return false;
    if (isOut(measure)) return false;
    return !isLinks(one, measure);
  };
  return { element, isPart };
}

const groups = new Set('div section ul ol dl table tbody tr td nav aside header p h2 h3 h4 h5 h6 li'.split(' '));

/** A group made mostly of links: a menu, a list of other articles. */
const isLinks = ({ tag }: HtmlElement, measure: Measure): boolean =>
  groups.has(tag) && measure.prose === 0 && measure.text > 0 && linkDensity(measure) > 0.5;
