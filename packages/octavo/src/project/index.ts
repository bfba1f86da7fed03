export * from './closest.js';
export type { ConfigProblem } from './config-problem.js';
export { inputJsonSchema, readConfig } from './config-read.js';
export { type ConfigSource, type FieldPath, parseConfigText, readConfigFile } from './config-source.js';
export * from './step.js';
