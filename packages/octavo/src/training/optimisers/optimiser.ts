import type { DType, Tensor } from '@octavo/engine';

/** A state that an optimiser keeps of a parameter; it starts at zero. */
export interface StateSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** One parameter with all that its update reads. */
export interface UpdateInputs {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** As `states` lists them. */
  readonly states: readonly Tensor[];
  /** What `scalars` gave for this step. */
  readonly scalars: Tensor;
  /** []: what gradients are multiplied by (clipping, loss scale). */
  readonly factor: Tensor;
  /** []: nothing changes where it is 0. */
  readonly applied: Tensor;
  /** int32 []: the step, for the random words of stochastic rounding. */
  readonly step: Tensor;
}

/** What parameter and states become. */
export interface Update {
  readonly parameter: Tensor;
  readonly states: readonly Tensor[];
}

/** A rule of updates as a builder of graphs; it is made for one parameter. */
export interface Optimiser {
  readonly states: (shape: readonly number[]) => readonly StateSpec[];
  /** Numbers that change with the step (0-based), the learning rate first. */
  readonly scalars: (step: number, rate: number) => readonly number[];
  readonly update: (the: UpdateInputs) => Update;
}

/** How states are kept: float32, or bfloat16 with stochastic rounding from a seed and the parameter's own stream. */
export interface StateStorage {
  readonly dtype: 'float32' | 'bfloat16';
  readonly seed: number;
  readonly stream: number;
}

/** The attributes of stochastic rounding, where states need it. */
export const roundingOf = ({
  dtype,
  seed,
  stream,
}: StateStorage): { readonly seed?: number; readonly stream?: number } => (dtype === 'float32' ? {} : { seed, stream });

/** The step as an operand, where states need it. */
export const stepOf = ({ dtype }: StateStorage, step: Tensor): { readonly step?: Tensor } =>
  dtype === 'float32' ? {} : { step };
