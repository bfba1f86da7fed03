import { visibleLine } from '../core/index.js';
import type { Excerpt, SampledDocument } from '../data/index.js';

/** The place that a rule is about stands between ⟦ and ⟧. */
export const excerptText = ({ text, hit }: Excerpt): string =>
  hit === undefined
    ? visibleLine(text, 240)
    : [
        visibleLine(text.slice(0, hit.from), 240),
        '⟦',
        visibleLine(text.slice(hit.from, hit.to), 120),
        '⟧',
        visibleLine(text.slice(hit.to), 240),
      ].join('');

export const sampledText = (documents: readonly SampledDocument[]): string =>
  documents
    .map((one) => {
      const fate =
        one.dropped === undefined ? 'kept' : `${one.dropped.reason}: ${visibleLine(one.dropped.detail, 120)}`;
      return `${visibleLine(one.id, 90)}\n  ${fate}\n  ${excerptText(one)}\n`;
    })
    .join('');
