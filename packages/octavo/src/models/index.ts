export { type GptInputs, gptCached, gptLogits, gptLoss, type LayerCache, type Parameters } from './gpt.js';
export type { GptConfig } from './gpt-config.js';
export { gptParameters, type ParameterSpec, type Start } from './gpt-parameters.js';
export { initialValues } from './initialise.js';
