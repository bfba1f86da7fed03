import { linear, quantisedLinear, type Tensor } from '@octavo/engine';
import { invariant } from '../core/index.js';
import type { Parameters } from './gpt.js';

export const parameterOf = (parameters: Parameters, path: string): Tensor => {
  const found = parameters.get(path);
  invariant(found !== undefined, `the model has the parameter ${path}`);
  return found;
};

/** A linear layer, in int8 where its weight came with scales. */
export function project(parameters: Parameters, path: string, x: Tensor): Tensor {
  const weight = parameterOf(parameters, `${path}.weight`);
  const [bias, scales] = [parameters.get(`${path}.bias`), parameters.get(`${path}.weight.scales`)];
  return scales === undefined ? linear(x, weight, bias) : quantisedLinear(x, { weight, scales, bias });
}
