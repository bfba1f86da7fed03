export { type Machine, machineSchema, type PrecisionChoice } from './machine.js';
export { keyValueCacheBytes, type MemoryUse, type TrainingShape, trainingMemory } from './memory.js';
export { type HardwareSection, hardwareSection } from './section.js';
export { activeParametersOf, type ModelShape, parametersOf, shapeSchema, stepFlopsPerToken } from './shape.js';
export { type PlannedTraining, type Size, sizeOf, sizeStep } from './step.js';
export { affordableFlops, decodingBound, flopsUtilisation, trainingSeconds } from './time.js';
