export { finetuneStep } from './finetune.js';
export { type ChatBatches, chatBatches, type Example, packRows } from './packing.js';
export { type TuningSection, tuningSection } from './section.js';
