/** The shape of a model, for rooms that plan with it and do not build it. */
import { countParameters, type GptConfig, gptConfigSchema, trainingFlopsPerToken } from '../models/index.js';

export type ModelShape = GptConfig;
export const shapeSchema = gptConfigSchema;

/** All parameters, tied ones once. */
export const parametersOf = (model: ModelShape): number => countParameters(model).total;

/** Operations to train on one token. */
export const stepFlopsPerToken = (model: ModelShape, sequenceLength: number): number =>
  trainingFlopsPerToken(model, sequenceLength);
