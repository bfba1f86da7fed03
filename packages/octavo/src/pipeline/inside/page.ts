import { pageFrame } from '../report/frame.js';
import { type Html, html, outside, passage } from '../report/html.js';
import { type Section, sectionHtml } from '../report/section.js';
import type { Prompt } from './open.js';
import { pictureOf } from './pictures.js';
import type { InsideView } from './views.js';

export const viewTitles: Readonly<Record<InsideView['kind'], { readonly title: string; readonly lead: string }>> = {
  lens: {
    title: 'What each layer would say',
    lead: 'The residual stream after each layer, through the final norm and head: the logit lens.',
  },
  attention: { title: 'Where each token looks', lead: 'The attention weights of every head.' },
  attribute: {
    title: 'Which words made the answer',
    lead: 'The next token’s logit, shared out among the tokens of the prompt by integrated gradients.',
  },
  patch: {
    title: 'Where the answer is made',
    lead: 'Activation patching: one value of another run at a time, and how much of its answer comes with it.',
  },
};

const sectionOf = (view: InsideView): Section => ({
  id: view.kind,
  ...viewTitles[view.kind],
  short: viewTitles[view.kind].title,
  body: pictureOf(view),
});

const head = (run: string, { text, kind }: Pick<Prompt, 'text' | 'kind'>): Html =>
  html`<header class="head"><p class="kicker">Octavo · inside the model of run ${outside(run, 80)}</p><h1>${outside(text, 240)}</h1><p class="sum">${kind === 'question' ? 'Asked as a question.' : 'Read as the beginning of a text.'}</p></header>`;

/** One or more views of a prompt as a page of its own. */
export const insidePage = (
  views: readonly InsideView[],
  { run, prompt }: { readonly run: string; readonly prompt: Pick<Prompt, 'text' | 'kind'> },
): string =>
  pageFrame(
    `${run} · inside the model`,
    html`<div class="page">${head(run, prompt)}<main>${views.map((view) => sectionHtml(sectionOf(view)))}</main><footer>Made by <code>octavo interpret</code> from the prompt ${passage(prompt.text, 400)}</footer></div>`,
  );
