import type { Sampling } from '../generation/index.js';
import type { ChatRequest } from './api.js';
import { invalid, type Problem } from './problem.js';

type SamplingFields = Pick<
  ChatRequest,
  | 'temperature'
  | 'top_p'
  | 'top_k'
  | 'min_p'
  | 'repetition_penalty'
  | 'frequency_penalty'
  | 'presence_penalty'
  | 'logit_bias'
  | 'seed'
>;

/** Another seed for each choice, spread so that neighbouring seeds do not share choices. */
const seedOfChoice = (seed: number, choice: number): number => {
  const spread = seed + choice * 0x9e37_79b9_7f4;
  return Number.isSafeInteger(spread) ? spread : spread % Number.MAX_SAFE_INTEGER;
};

/** The fields of a request as the generation room wants them, for one of its choices. */
export const samplingOf = (fields: SamplingFields, seed: number, choice: number): Sampling => ({
  temperature: fields.temperature,
  topK: fields.top_k,
  topP: fields.top_p,
  minP: fields.min_p,
  repetitionPenalty: fields.repetition_penalty,
  frequencyPenalty: fields.frequency_penalty,
  presencePenalty: fields.presence_penalty,
  logitBias: new Map(Object.entries(fields.logit_bias).map(([id, bias]) => [Number(id), bias])),
  seed: seedOfChoice(seed, choice),
});

/** Biases name tokens that exist. */
export const checkBiases = ({ logit_bias: biases }: SamplingFields, vocabularySize: number): Problem | undefined => {
  const unknown = Object.keys(biases).find((id) => Number(id) >= vocabularySize);
  return unknown === undefined
    ? undefined
    : invalid(
        'invalid_value',
        `"logit_bias" names the token ${unknown}, but ids of this model are below ${vocabularySize}.`,
        'logit_bias',
      );
};
