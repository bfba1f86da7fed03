export * from './atomic-file.js';
export * from './effects.js';
export * from './error.js';
export { type ErrorCode, errorCodes } from './error-codes.js';
export * from './events.js';
export * from './optimiser-kinds.js';
export * from './steps.js';
export * from './units.js';
export * from './visible-text.js';
