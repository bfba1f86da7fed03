/** The shape of the learning rate over a run. */
export interface Schedule {
  readonly kind: 'linear' | 'cosine' | 'warmup-stable-decay';
  readonly warmupSteps: number;
  readonly totalSteps: number;
  /** The last rate, as a share of the peak. */
  readonly floor: number;
  /** Share of the run that `warmup-stable-decay` spends on its linear decay. */
  readonly decayShare: number;
}

/**
 * Learning rate at a step (0-based), as a share of the peak: (step + 1)/(warmup + 1) while warming up, then down to `floor`.
 * Sources: Loshchilov and Hutter 2016, arXiv 1608.03983; nanoGPT's get_lr; Hu et al. 2024, arXiv 2404.06395.
 */
export function rateAt(step: number, { kind, warmupSteps, totalSteps, floor, decayShare }: Schedule): number {
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  if (step >= totalSteps) return floor;
  const done = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  switch (kind) {
    case 'linear':
      return floor + (1 - floor) * (1 - done);
    case 'cosine':
      return floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2;
    case 'warmup-stable-decay': {
      const decaySteps = Math.max(1, Math.round(totalSteps * decayShare));
      const left = totalSteps - step;
      return left >= decaySteps ? 1 : floor + ((1 - floor) * left) / decaySteps;
    }
  }
}
