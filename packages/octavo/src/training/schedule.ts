import type { ScheduleKind } from '../core/index.js';

/** The shape of the learning rate over a run. */
export interface Schedule {
  readonly kind: ScheduleKind;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  /** The last rate, as a share of the peak. */
  readonly floor: number;
  /** Share of the run that `warmup-stable-decay` spends on its linear decay. */
  readonly decayShare: number;
}

/** The first rate of `one-cycle`, as a share of the peak. */
const cycleStart = 1 / 25;

const cosine = (from: number, to: number, done: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * done))) / 2;

/**
 * Learning rate at a step (0-based), as a share of the peak: (step + 1)/(warmup + 1) while warming up, then down to `floor`.
 * `one-cycle` rises from 1/25 by a cosine instead and reaches `floor` at its last step; `inverse-square-root` falls as
 * √(warmup + 1)/√(step + 1), to `floor` at the least. Sources: Loshchilov and Hutter 2016, arXiv 1608.03983; nanoGPT's get_lr;
 * Hu et al. 2024, arXiv 2404.06395; Vaswani et al. 2017, arXiv 1706.03762, §5.3; Smith and Topin 2017, arXiv 1708.07120.
 */
export function rateAt(step: number, { kind, warmupSteps, totalSteps, floor, decayShare }: Schedule): number {
  if (kind === 'one-cycle')
    return step < warmupSteps
      ? cosine(cycleStart, 1, step / warmupSteps)
      : cosine(1, floor, Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - 1 - warmupSteps)));
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  if (step >= totalSteps) return floor;
  const done = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  switch (kind) {
    case 'linear':
      return floor + (1 - floor) * (1 - done);
    case 'cosine':
      return cosine(1, floor, done);
    case 'inverse-square-root':
      return Math.max(floor, Math.sqrt((warmupSteps + 1) / (step + 1)));
    case 'warmup-stable-decay': {
      const decaySteps = Math.max(1, Math.round(totalSteps * decayShare));
      const left = totalSteps - step;
      return left >= decaySteps ? 1 : floor + ((1 - floor) * left) / decaySteps;
    }
  }
}
