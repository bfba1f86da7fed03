import { absurd, formatDuration } from '../../core/index.js';
import type { StepStatus, StepView } from '../../project/index.js';

export interface StatusText {
  readonly kind: 'done' | 'waiting' | 'running' | 'stopped' | 'failed';
  readonly mark: string;
  readonly word: string;
}

const texts = {
  done: { kind: 'done', mark: '✓', word: 'done' },
  waiting: { kind: 'waiting', mark: '·', word: 'not run' },
  running: { kind: 'running', mark: '▸', word: 'running' },
  stopped: { kind: 'stopped', mark: '‖', word: 'stopped' },
  failed: { kind: 'failed', mark: '✗', word: 'failed' },
} as const satisfies Record<string, StatusText>;

/** A step's status in a word; one that runs without a living process has stopped. */
export const statusText = (status: StepStatus, alive: boolean): StatusText => {
  switch (status.kind) {
    case 'done':
      return texts.done;
    case 'waiting':
      return texts.waiting;
    case 'running':
      return alive ? texts.running : texts.stopped;
    case 'interrupted':
      return texts.stopped;
    case 'failed':
      return texts.failed;
    default:
      return absurd(status);
  }
};

/** Several steps of one leaf as one: what is wrong or going on counts more than what is done. */
export const statusOfAll = (views: readonly StepView[], alive: boolean): StatusText => {
  const all = views.map(({ status }) => statusText(status, alive));
  for (const kind of ['failed', 'running', 'stopped'] as const)
    if (all.some((one) => one.kind === kind)) return texts[kind];
  const done = all.filter(({ kind }) => kind === 'done').length;
  if (done === 0) return texts.waiting;
  return done === all.length ? texts.done : { ...texts.waiting, word: `${done} of ${all.length} done` };
};

export const elapsedOf = ({ status }: StepView): number => (status.kind === 'done' ? status.elapsedMs : 0);

export const elapsedText = (ms: number): string => (ms > 0 ? formatDuration(ms) : '');
