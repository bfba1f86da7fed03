/** What templates of several languages write. */
import { mark } from './wikitext-marks.js';

export interface Arguments {
  readonly at: (position: number) => string;
  readonly all: readonly string[];
  readonly named: (...names: readonly string[]) => string;
}

export type Write = (given: Arguments) => string;

export const named = (names: string, write: Write): readonly (readonly [string, Write])[] =>
  names.split(/\s*,\s*/).map((name) => [name, write]);

export const first: Write = ({ at }) => at(0);

export const raised = (text: string): string => `<sup>${text}</sup>`;

export const quote: Write = ({ at, named }) => {
  const text = named('text', 'quote', 'текст') || at(0);
  const by = named('author', 'source', 'sign', 'autor', 'quelle', 'автор', 'источник') || at(1);
  return text === '' ? '' : `${mark.quote}${text}${by === '' ? '' : `${mark.line}— ${by}`}${mark.quoteEnd}`;
};

export const nihongo: Write = ({ at }) => {
  const inside = [at(1), at(2)].filter((part) => part !== '').join(', ');
  return at(0) === '' ? inside : inside === '' ? at(0) : `${at(0)} (${inside})`;
};

/** `{{unité|10|km|2|s|-1}}`: 10 km²·s⁻¹. */
export const measured: Write = ({ all, at, named: option }) => {
  const units: string[] = [];
  for (let next = 1; next < all.length; next += 2)
    if (at(next) !== '') units.push(`${at(next)}${at(next + 1) === '' ? '' : raised(at(next + 1))}`);
  const exponent = option('e');
  return `${at(0)}${exponent === '' ? '' : ` × 10${raised(exponent)}`} ${units.join('·')}`.trimEnd();
};
