import { add, multiply, select, subtract, type Tensor } from '@octavo/engine';

/** The name of a parameter's average among the states. */
export const averageOf = (path: string): string => `average:${path}`;

/**
 * How far the average moves towards the weights after a step (0-based): 1 − min(decay, (1 + t)/(10 + t)), so that it
 * forgets where training began. Source: Tarvainen and Valpola 2017, arXiv 1703.01780; the ramp is TensorFlow's.
 */
export const averageRate = (decay: number, step: number): number => 1 - Math.min(decay, (2 + step) / (11 + step));

/** The average after a step; it does not change where the update was not applied. */
export const movedAverage = (average: Tensor, parameter: Tensor, rate: Tensor, applied: Tensor): Tensor =>
  select(applied, add(average, multiply(subtract(parameter, average), rate)), average);
