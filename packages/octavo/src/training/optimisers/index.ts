export { averageOf, averageRate, movedAverage } from './average.js';
export { clipGradients } from './clip.js';
export { type Assigned, assignOptimisers, defaultOptimiser, type OptimiserConfig } from './groups.js';
