export { type Batch, type BatchAt, permutation, positionsOf, windowBatches } from './batches.js';
export { type Checkpoint, newestCheckpoint, openCheckpoint, weightsOf } from './checkpoint.js';
export { loadWeights } from './load.js';
export { backendFor, machineFacts } from './machine.js';
export { pretrainStep } from './pretrain.js';
export { type ResolvedPlan, readResolvedPlan } from './resolved.js';
export { runTraining } from './run.js';
export { type TrainingSection, trainingSection } from './section.js';
