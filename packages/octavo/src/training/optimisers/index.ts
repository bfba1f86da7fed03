export { averageOf, averageRate, movedAverage } from './average.js';
export { type Clipping, clipGradients } from './clip.js';
export { type Assigned, assignOptimisers, defaultOptimiser, type OptimiserConfig } from './groups.js';
