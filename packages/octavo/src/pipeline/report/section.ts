import { type Content, type Html, html, nothing, outside } from './html.js';
import type { Part } from './part.js';

export interface Section {
  readonly id: string;
  readonly title: string;
  /** The title in the list of sections. */
  readonly short: string;
  /** One or two sentences below the title: what is to be seen here. */
  readonly lead: Content;
  readonly body: Content;
}

export const sectionHtml = ({ id, title, lead, body }: Section): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title"><header><h2 id="${id}-title">${title}</h2><p>${lead}</p></header><div class="body">${body}</div></section>`;

/** Said where a step has not come that far. */
export const notYet = (what: string): Html => html`<p class="not-yet">${what}</p>`;

/** What stands in the place of a part that cannot be shown; nothing for one that can. */
export const unlessRead = (part: Part<unknown>, step: string): Html => {
  if (part.kind === 'absent') return notYet(`Not there yet: the step ${step} has not finished.`);
  if (part.kind === 'unreadable')
    return html`<p class="not-yet bad">The file of the step ${step} cannot be read: ${outside(part.why, 300)}</p>`;
  return nothing;
};

/** Name and value in two columns. */
export const facts = (pairs: readonly (readonly [Content, Content])[]): Html =>
  html`<dl class="facts">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
