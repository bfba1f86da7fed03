/** Pictures of what goes on inside a model, as markup of the report: no script, nothing from outside. */
import { absurd } from '../../core/index.js';
import { type Content, type Html, html, nothing, outside } from '../report/html.js';
import { percent, short } from '../report/numbers.js';
import { facts } from '../report/section.js';
import { dataTable } from '../report/table.js';
import type { AttentionView, AttributionView, InsideView, LensView, PatchView } from './views.js';

/** A token on a line: spaces and line ends can be seen. */
export const tokenText = (text: string): string =>
  text.replaceAll(' ', '␣').replaceAll('\n', '⏎').replaceAll('\t', '⇥');

const token = (text: string): Html => html`<code class="token">${outside(tokenText(text), 24)}</code>`;

/** A tint behind text that can still be read: `share` of the colour, less than half at most. */
const tinted = (share: number, content: Content, colour: 'accent' | 'off' = 'accent'): Html =>
  html`<span class="tinted" style="background:color-mix(in srgb,var(--${colour}) ${Math.round(Math.min(1, Math.max(0, share)) * 38)}%,transparent)">${content}</span>`;

const layerName = (layer: number): string => (layer === 0 ? 'before block 0' : `after block ${layer - 1}`);

export const lensPicture = ({ tokens, layers }: LensView): Html =>
  dataTable({
    caption: 'What the model would say next at each token if it stopped at a layer; the stronger the tint, the surer',
    head: ['layer', ...tokens.map(token)],
    words: tokens.map((_, t) => t + 1),
    rows: layers.map((row, layer) => [
      layerName(layer),
      ...row.map(({ top: [best] }) =>
        best === undefined
          ? ''
          : tinted(best.probability, html`${token(best.text)} <small>${percent(best.probability)}</small>`),
      ),
    ]),
  });

const levels = 8;

/** One head as a square: a row looks at columns. Squares of one shade are one path, so that many heads stay small. */
const headSquare = ({ tokens, heads, weights }: AttentionView, layer: number, head: number): Html => {
  const time = tokens.length;
  const shades: string[] = Array.from({ length: levels }, () => '');
  let strongest = { weight: 0, query: 0, key: 0 };
  for (let query = 0; query < time; query++)
    for (let key = 0; key <= query; key++) {
      const weight = weights[((layer * heads + head) * time + query) * time + key] ?? 0;
      if (query > 0 && key > 0 && weight > strongest.weight) strongest = { weight, query, key };
      const level = Math.min(levels - 1, Math.floor(weight * levels));
      if (weight >= 0.02) shades[level] += `M${key} ${query}h1v1h-1z`;
    }
  const label = `Attention of head ${head} in block ${layer}: strongest, the first token aside, from token ${strongest.query} to token ${strongest.key} with ${percent(strongest.weight)}.`;
  return html`<figure class="head-map"><svg viewBox="0 0 ${time} ${time}" role="img" aria-label="${label}"><title>${label}</title>${shades.map((path, level) => (path === '' ? nothing : html`<path fill-opacity="${((level + 1) / levels).toFixed(2)}" d="${path}"/>`))}</svg><figcaption>block ${layer}, head ${head}</figcaption></figure>`;
};

/** Where the last token looks, by head: what the next token is made from. */
const lastLooks = ({ tokens, layers, heads, weights }: AttentionView): Html => {
  const time = tokens.length;
  return dataTable({
    caption: 'Where the last token looks most',
    head: ['head', 'first', 'second', 'third'],
    words: [1, 2, 3],
    rows: Array.from({ length: layers * heads }, (_, at) => {
      const row = weights.slice((at * time + time - 1) * time, (at * time + time) * time);
      const best = row.map((weight, key) => ({ weight, key })).toSorted((a, b) => b.weight - a.weight);
      return [
        `block ${Math.floor(at / heads)}, head ${at % heads}`,
        ...[0, 1, 2].map((i) => {
          const found = best[i];
          return found === undefined
            ? ''
            : html`${token(tokens[found.key] ?? '')} <small>${found.key}: ${percent(found.weight)}</small>`;
        }),
      ];
    }),
  });
};

export const attentionPicture = (view: AttentionView): Html =>
  html`<p class="fine">Each square is one head: a row is a token that looks, a column a token that is looked at, both in the order of the prompt from the top left. The stronger the colour the more; a row sums to 1.</p><div class="head-maps">${Array.from({ length: view.layers * view.heads }, (_, at) => headSquare(view, Math.floor(at / view.heads), at % view.heads))}</div><details><summary>Where the last token looks</summary>${lastLooks(view)}</details>`;

export const attributionPicture = ({
  tokens,
  attributions,
  target,
  other,
  value,
  baseline,
  error,
  bound,
}: AttributionView): Html => {
  const most = attributions.reduce((high, one) => Math.max(high, Math.abs(one)), 1e-9);
  const against = other === undefined ? nothing : html` rather than ${token(other.text)}`;
  return html`<p>Towards ${token(target.text)}${against}, which the model gives ${percent(target.probability)}:</p><p class="attribution">${tokens.map((text, t) => tinted(Math.abs(attributions[t] ?? 0) / most, token(text), (attributions[t] ?? 0) < 0 ? 'off' : 'accent'))}</p>${dataTable(
    {
      caption: 'What each token adds to the logit, or takes from it (integrated gradients from the mean embedding)',
      head: ['token', 'adds', 'share of the largest'],
      drawn: [2],
      rows: tokens.map((text, t) => {
        const one = attributions[t] ?? 0;
        return [
          token(text),
          `${one < 0 ? '−' : '+'}${Math.abs(one).toFixed(3)}`,
          html`<span class="bar strong ${one < 0 ? 'against' : ''}"><i style="width:${((100 * Math.abs(one)) / most).toFixed(1)}%"></i></span>`,
        ];
      }),
    },
  )}${facts([
    ['Logit with the prompt', value.toFixed(3)],
    ['with mean embeddings', baseline.toFixed(3)],
    ['Difference to be explained', (value - baseline).toFixed(3)],
    [
      'Error of the sum',
      html`${short(error)} <span class="fine">${error <= bound ? 'of' : '(too large: allowed were)'} ${short(bound)}${error <= bound ? ' allowed' : ''}</span>`,
    ],
  ])}`;
};

const siteText = {
  residual: 'residual stream',
  attention: 'output of attention',
  feedForward: 'output of the feed-forward part',
};

export const patchPicture = ({
  site,
  tokens,
  corruptedTokens,
  target,
  other,
  recovered,
  ...differences
}: PatchView): Html =>
  html`<p>The clean prompt leads to ${token(target.text)}, the corrupted one to ${token(other.text)}. Each cell runs the corrupted prompt with the clean run’s ${siteText[site]} at one place, and says how much of the way back it brings: 100 % is the clean answer.</p>${dataTable(
    {
      caption: html`Share of the logit difference recovered, by layer and token (clean above corrupted where they differ)`,
      head: [
        'layer',
        ...tokens.map((text, t) => {
          const changed = corruptedTokens[t] ?? '';
          return changed === text ? token(text) : html`${token(text)}<br>${token(changed)}`;
        }),
      ],
      rows: recovered.map((row, layer) => [
        site === 'residual' ? layerName(layer) : `block ${layer}`,
        ...row.map((share) => tinted(Math.abs(share), `${Math.round(100 * share)} %`, share < 0 ? 'off' : 'accent')),
      ]),
    },
  )}${facts([
    ['Clean: answer less other', differences.cleanDifference.toFixed(3)],
    ['Corrupted', differences.corruptedDifference.toFixed(3)],
  ])}`;

export const pictureOf = (view: InsideView): Html => {
  switch (view.kind) {
    case 'lens':
      return lensPicture(view);
    case 'attention':
      return attentionPicture(view);
    case 'attribute':
      return attributionPicture(view);
    case 'patch':
      return patchPicture(view);
    default:
      return absurd(view);
  }
};
