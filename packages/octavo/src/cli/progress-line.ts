import { formatCount, formatDuration, visibleLine } from '../core/index.js';
import type { Point, Progress, StepView } from '../project/index.js';
import { displayWidth, fit } from './terminal.js';

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** "██████▌░░░". */
export const bar = (share: number, columns: number): string => {
  const units = Math.round(Math.min(1, Math.max(0, share)) * columns * 8);
  const full = '█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '');
  return full + '░'.repeat(Math.max(0, columns - full.length));
};

const latest = (points: readonly Point[] | undefined): number | undefined => points?.at(-1)?.value;

/** The figure of a training step that a person watches. */
export const headline = (view: StepView): string | undefined => {
  const bitsPerByte = latest(view.metrics.get('validationBitsPerByte'));
  const loss = latest(view.metrics.get('loss'));
  const parts = [
    loss === undefined ? [] : [`loss ${loss.toFixed(3)}`],
    bitsPerByte === undefined ? [] : [`${bitsPerByte.toFixed(3)} bits/byte`],
  ].flat();
  return parts.length === 0 ? undefined : parts.join(', ');
};

const amounts = ({ done, total, unit }: Progress): string =>
  total > 0
    ? `${formatCount(done)}/${formatCount(total)} ${visibleLine(unit, 16)}`
    : `${formatCount(done)} ${visibleLine(unit, 16)}`;

/** What a running step has to say besides its bar, most important first. */
export const progressTexts = (view: StepView): readonly string[] => {
  const { progress } = view;
  const figure = headline(view);
  if (progress === undefined) return figure === undefined ? [] : [figure];
  const { ratePerSecond, etaMs, note } = progress;
  return [
    amounts(progress),
    ...(figure === undefined ? [] : [figure]),
    ...(etaMs === undefined || progress.done >= progress.total ? [] : [`${formatDuration(etaMs)} left`]),
    ...(ratePerSecond === undefined ? [] : [`${formatCount(ratePerSecond)}/s`]),
    ...(note === undefined ? [] : [visibleLine(note, 40)]),
  ];
};

/** The line of a running step, made to fit: the last texts go first when there is no room. */
export const progressLine = (view: StepView, columns: number): string => {
  const { progress } = view;
  const share = progress === undefined || progress.total <= 0 ? undefined : progress.done / progress.total;
  const head = `${view.name.padEnd(9)} ${share === undefined ? '' : `${bar(share, columns >= 100 ? 24 : 12)} ${String(Math.floor(share * 100)).padStart(3)}% `}`;
  let line = head;
  for (const text of progressTexts(view)) {
    const longer = line === head ? `${line} ${text}` : `${line} · ${text}`;
    if (displayWidth(longer) > columns) break;
    line = longer;
  }
  return fit(line, columns);
};
