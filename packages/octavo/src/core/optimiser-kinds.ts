/** Optimisers by name. `muon` trains the matrices of blocks by Muon and all else by AdamW. */
export const optimiserKinds = ['muon', 'adamw', 'adam', 'sgd', 'lion', 'adafactor'] as const;
export type OptimiserKind = (typeof optimiserKinds)[number];

/** Shapes of the learning rate over a run. */
export const scheduleKinds = ['linear', 'cosine', 'warmup-stable-decay', 'inverse-square-root', 'one-cycle'] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];
