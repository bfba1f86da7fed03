import { formatBytes, formatCount, formatDuration, visibleLine } from '../core/index.js';
import type { StepView } from '../project/index.js';
import { headline } from './progress-line.js';

/** How many figures of a summary fit on a line beside the step's name. */
const mostFigures = 4;

const words = (name: string): string => name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

const figure = (name: string, value: number): string => {
  if (/^bytes($|[A-Z](?!er))|Bytes$/.test(name))
    return `${formatBytes(value)} ${words(name.replace(/bytes/i, ''))}`.trimEnd();
  if (/Ms$/.test(name)) return `${formatDuration(value)} ${words(name.replace(/Ms$/, ''))}`;
  return `${Number.isInteger(value) ? formatCount(value) : Number(value.toPrecision(4))} ${words(name)}`;
};

/**
 * What a finished step says of itself on one line: the `text` of its summary, else the figure that was watched while it
 * ran, else the first figures of its summary.
 */
export const summaryText = (view: StepView, summary: Readonly<Record<string, unknown>>): string => {
  const own = summary['text'];
  if (typeof own === 'string') return visibleLine(own, 120);
  const watched = headline(view);
  if (watched !== undefined) return watched;
  const figures = Object.entries(summary).flatMap(([name, value]) =>
    typeof value === 'number' && !/Id$/.test(name) ? [figure(visibleLine(name, 30), value)] : [],
  );
  return figures.slice(0, mostFigures).join(' · ');
};
