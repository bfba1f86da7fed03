import { formatDuration, invariant, type RunEvent, visibleLine } from '../core/index.js';
import { RunReducer, type StepView } from '../project/index.js';
import { lineChart } from './line-chart.js';
import { progressLine, progressTexts } from './progress-line.js';
import { summaryText } from './summary-text.js';
import { paintFor, type Terminal } from './terminal.js';

/** Milliseconds between two plain lines of one step where nothing can be written over. */
const plainEveryMs = 5000;
const redrawEveryMs = 80;

/**
 * Shows a run as its events come: one line that is written over for the running step, and a line for good for each
 * step that ended; without a live terminal a plain line every few seconds.
 */
export class LiveProgress implements Disposable {
  readonly #terminal: Terminal;
  readonly #reducer = new RunReducer();
  #drawn = false;
  #lastDrawMs = Number.NEGATIVE_INFINITY;
  #lastPlainMs = Number.NEGATIVE_INFINITY;

  /** `earlier` events are not shown; they tell the times of steps that are skipped now. */
  constructor(terminal: Terminal, earlier: readonly RunEvent[]) {
    this.#terminal = terminal;
    for (const event of earlier) this.#reducer.apply(event);
  }

  readonly show = (event: RunEvent): void => {
    this.#reducer.apply(event);
    switch (event.kind) {
      case 'step-started':
        this.#lastPlainMs = Number.NEGATIVE_INFINITY;
        if (this.#terminal.live) this.#draw(event.step, event.timeMs);
        else this.#line(`… ${event.step}`);
        return;
      case 'progress':
      case 'metric':
        this.#running(event.step, event.timeMs);
        return;
      case 'sample':
        this.#line(
          paintFor(this.#terminal)(
            'dim',
            `  ${event.step} at ${event.at}: ${visibleLine(event.prompt + event.text, Math.max(40, this.#terminal.columns - 24))}`,
          ),
        );
        return;
      case 'warning':
        this.#line(`${paintFor(this.#terminal)('yellow', '!')} ${event.step}: ${visibleLine(event.text, 300)}`);
        return;
      case 'step-skipped':
      case 'step-finished':
      case 'step-interrupted':
      case 'step-failed':
        this.#ended(event.step);
        return;
      default:
        return;
    }
  };

  [Symbol.dispose](): void {
    this.#clear();
  }

  #view(step: StepView['name']): StepView {
    const view = this.#reducer.state().steps.get(step);
    invariant(view !== undefined, 'every step of an event is in the state');
    return view;
  }

  #clear(): void {
    if (this.#drawn) this.#terminal.err('\r\u001b[K');
    this.#drawn = false;
  }

  #line(text: string): void {
    this.#clear();
    this.#terminal.err(`${text}\n`);
  }

  #draw(step: StepView['name'], timeMs: number): void {
    this.#lastDrawMs = timeMs;
    this.#terminal.err(`\r\u001b[K${progressLine(this.#view(step), this.#terminal.columns - 1)}`);
    this.#drawn = true;
  }

  #running(step: StepView['name'], timeMs: number): void {
    if (this.#terminal.live) {
      if (timeMs - this.#lastDrawMs >= redrawEveryMs || !this.#drawn) this.#draw(step, timeMs);
      return;
    }
    if (timeMs - this.#lastPlainMs < plainEveryMs) return;
    this.#lastPlainMs = timeMs;
    const texts = progressTexts(this.#view(step));
    if (texts.length > 0) this.#line(`  ${step}: ${texts.join(' · ')}`);
  }

  #ended(step: StepView['name']): void {
    const view = this.#view(step);
    for (const line of endLines(view, this.#terminal)) this.#line(line);
  }
}

const endLines = (view: StepView, terminal: Terminal): readonly string[] => {
  const paint = paintFor(terminal);
  const name = view.name.padEnd(9);
  const { status } = view;
  if (status.kind === 'interrupted') return [`${paint('yellow', '‖')} ${name} interrupted, saved`];
  if (status.kind === 'failed') return [`${paint('red', '✗')} ${name} failed`];
  if (status.kind !== 'done') return [];
  const words = summaryText(view, status.summary);
  const after = words === '' ? '' : ` · ${words}`;
  if (status.skipped) return [paint('dim', `= ${name} unchanged${after}`)];
  const size = { columns: Math.max(20, Math.min(60, terminal.columns - 12)), rows: 6 };
  const curve = lineChart(view.metrics.get('loss') ?? [], size);
  return [
    `${paint('green', '✓')} ${name} ${formatDuration(status.elapsedMs)}${after}`,
    ...(curve === '' ? [] : [paint('dim', `  loss\n${curve.replace(/^/gm, '  ')}`)]),
  ];
};
