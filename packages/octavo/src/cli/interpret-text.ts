/** What `octavo interpret` prints: the pictures in characters. */
import { absurd, visibleLine } from '../core/index.js';
import {
  type AttentionView,
  type AttributionView,
  type InsideView,
  type LensView,
  type PatchView,
  tokenText,
} from '../pipeline/index.js';
import { type Paint, table } from './terminal.js';

const shades = [' ', '░', '▒', '▓', '█'] as const;
const shade = (share: number): string => shades[Math.round(Math.min(1, Math.max(0, share)) * 4)] ?? ' ';
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const word = (text: string): string => visibleLine(tokenText(text), 20);
const layerName = (layer: number): string => (layer === 0 ? 'before block 0' : `after block ${layer - 1}`);

/** The tokens with their numbers, so that columns can be read. */
const legend = (tokens: readonly string[]): string => tokens.map((text, t) => `${t} ${word(text)}`).join('  ');

const lensText = ({ tokens, layers }: LensView, position: number, paint: Paint): string =>
  [
    `What each layer would say after token ${position}, ${word(tokens[position] ?? '')}`,
    table([
      ['', ...(layers[0]?.[position]?.top ?? []).map((_, i) => `${i + 1}.`), 'the final word'],
      ...layers.map((row, layer) => {
        const cell = row[position];
        return [
          paint('dim', layerName(layer)),
          ...(cell?.top ?? []).map(({ text, probability }) => `${word(text)} ${percent(probability)}`),
          percent(cell?.finalProbability ?? 0),
        ];
      }),
    ]),
    '',
  ].join('\n');

const grid = ({ tokens, heads, weights }: AttentionView, layer: number, head: number): string => {
  const time = tokens.length;
  const rows = tokens.map((text, query) => [
    `${query} ${word(text)}`,
    Array.from({ length: query + 1 }, (_, key) =>
      shade(weights[((layer * heads + head) * time + query) * time + key] ?? 0).repeat(2),
    ).join(''),
  ]);
  return `block ${layer}, head ${head}: rows look at columns, ${shades.slice(1).join(' ')} a quarter to all\n${table(rows)}\n`;
};

const attentionText = (
  view: AttentionView,
  { position, layer, head }: { readonly position: number; readonly layer?: number; readonly head?: number },
  paint: Paint,
): string => {
  if (layer !== undefined && head !== undefined) return grid(view, layer, head);
  const { tokens, layers, heads, weights } = view;
  const time = tokens.length;
  const rows = Array.from({ length: layers * heads }, (_, at) => {
    const row = weights.slice((at * time + position) * time, (at * time + position + 1) * time);
    const best = row.map((weight, key) => ({ weight, key })).toSorted((a, b) => b.weight - a.weight);
    return [
      paint('dim', `block ${Math.floor(at / heads)}, head ${at % heads}`),
      ...best
        .slice(0, Math.min(3, position + 1))
        .map(({ weight, key }) => `${key} ${word(tokens[key] ?? '')} ${percent(weight)}`),
    ];
  }).filter((_, at) => layer === undefined || Math.floor(at / heads) === layer);
  return `Where token ${position}, ${word(tokens[position] ?? '')}, looks most\n${table(rows)}\n`;
};

const attributionText = (view: AttributionView, paint: Paint): string => {
  const { tokens, attributions, target, other, value, baseline, error, bound } = view;
  const most = attributions.reduce((high, one) => Math.max(high, Math.abs(one)), 1e-9);
  const rows = tokens.map((text, t) => {
    const one = attributions[t] ?? 0;
    const bar = '█'.repeat(Math.round((24 * Math.abs(one)) / most));
    return [word(text), `${one < 0 ? '' : '+'}${one.toFixed(3)}`, paint(one < 0 ? 'red' : 'green', bar)];
  });
  const against = other === undefined ? '' : ` rather than ${word(other.text)}`;
  const verdict = error <= bound ? `within ${bound.toFixed(4)}` : paint('yellow', `more than ${bound.toFixed(4)}`);
  return `What each token adds to ${word(target.text)}${against} (${percent(target.probability)})\n${table(rows)}\n${paint('dim', `logit ${baseline.toFixed(3)} with mean embeddings, ${value.toFixed(3)} with the prompt; the parts miss the difference by ${error.toFixed(4)}, ${verdict}`)}\n`;
};

const patchText = (view: PatchView, paint: Paint): string => {
  const { site, tokens, corruptedTokens, target, other, recovered, cleanDifference, corruptedDifference } = view;
  const changed = tokens.flatMap((text, t) =>
    corruptedTokens[t] === text ? [] : [`${t}: ${word(text)} → ${word(corruptedTokens[t] ?? '')}`],
  );
  const rows = [
    ['', ...tokens.map((_, t) => ` ${t}`)],
    ...recovered.map((row, layer) => [
      paint('dim', site === 'residual' ? layerName(layer) : `block ${layer}`),
      ...row.map((share) => `${shade(share)}${Math.round(100 * share)}`),
    ]),
  ];
  return [
    `Share of the way from ${word(other.text)} back to ${word(target.text)}, in %, when the corrupted run gets the clean run's ${site} there`,
    `changed: ${changed.join(', ')}`,
    table(rows),
    paint('dim', `logit difference: clean ${cleanDifference.toFixed(3)}, corrupted ${corruptedDifference.toFixed(3)}`),
    '',
  ].join('\n');
};

export const viewText = (
  view: InsideView,
  the: { readonly position: number; readonly layer?: number; readonly head?: number },
  paint: Paint,
): string => {
  const tokens = `${paint('dim', legend(view.tokens))}\n\n`;
  switch (view.kind) {
    case 'lens':
      return tokens + lensText(view, the.position, paint);
    case 'attention':
      return tokens + attentionText(view, the, paint);
    case 'attribute':
      return attributionText(view, paint);
    case 'patch':
      return tokens + patchText(view, paint);
    default:
      return absurd(view);
  }
};
