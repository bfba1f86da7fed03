/**
 * The one way text gets into the page: `html` escapes whatever it is given that is not markup made by itself, and makes
 * control characters visible. Markup is a value that no parsed file can forge.
 */
import { visibleText } from '../../core/index.js';

const trusted = Symbol('markup');

export interface Html {
  readonly [trusted]: string;
}

export type Content = Html | string | number | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and in quoted attributes. */
export const escapeText = (text: string): string =>
  visibleText(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');

const isHtml = (content: Html | readonly Content[]): content is Html => trusted in content;

export const markupOf = (content: Content): string => {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return String(content);
  return isHtml(content) ? content[trusted] : content.map(markupOf).join('');
};

/** Markup: what is between the quotes stays, what is filled in is escaped. */
export const html = (parts: TemplateStringsArray, ...contents: readonly Content[]): Html => ({
  [trusted]: parts.map((part, at) => part + markupOf(contents[at])).join(''),
});

export const nothing = html``;

/** Text from outside on a line of ours: of bounded length, and its writing direction stays its own. */
export const outside = (text: string, longest = 200): Html => html`<bdi>${clip(text, longest)}</bdi>`;

/** Text from outside as paragraphs: line ends stay. */
export const passage = (text: string, longest = 2000): Html =>
  html`<span class="passage" dir="auto">${clip(text, longest)}</span>`;

const clip = (text: string, longest: number): string => {
  const characters = [...text.slice(0, longest * 2 + 2)];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
};
