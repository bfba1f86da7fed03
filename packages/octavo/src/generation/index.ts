export { createDecoder, type Decoder, type LoadedModel, type NewTokens } from './decoder.js';
export { decodingGraph } from './decoding-graph.js';
export { createGenerator } from './generator.js';
export { quantiseWeights } from './quantise-weights.js';
export { defaultSampling, sampleToken } from './sampling.js';
export type { GenerationEvent, GenerationRequest, Generator, Sampling, TokenLogprob } from './types.js';
