export { type ExportSection, exportSection } from './section.js';
export { type ExportSource, type ExportTokenizer, exportStep } from './step.js';
export type { Weights } from './weights.js';
