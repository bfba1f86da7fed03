export {
  activationPatching,
  type Patching,
  type PatchingRequest,
  type Site,
  siteNames,
  sites,
} from './activation-patching.js';
export { type AttentionMap, attentionMaps } from './attention-maps.js';
export type { Choice } from './chosen-logit.js';
export { type Attribution, integratedGradients } from './integrated-gradients.js';
export { type Lens, type LensCell, logitLens } from './logit-lens.js';
export type { InterpretedModel } from './model.js';
export { type Likely, likeliest, nextLogits, softmax } from './next-token.js';
