/** The shape of a model, for rooms that plan with it and do not build it. */
import { countParameters, type GptConfig, gptConfigSchema, trainingFlopsPerToken } from '../models/index.js';

export type ModelShape = GptConfig;
export const shapeSchema = gptConfigSchema;

/** All parameters, tied ones once. */
export const parametersOf = (model: ModelShape): number => countParameters(model).total;

/** Those that take part in a token. */
export const activeParametersOf = (model: ModelShape): number => countParameters(model).active;

/** Operations to train on one token. */
export const stepFlopsPerToken = (model: ModelShape, sequenceLength: number): number =>
  trainingFlopsPerToken(model, sequenceLength);
