import type { Attributes } from '../trace/graph.js';
import type { Tensor } from '../trace/trace.js';
import type { TensorType } from '../types.js';

/** A dense array of the reference backend: every dtype is held as float64. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export type Named<R extends string, P extends string, T> = Readonly<Record<R, T>> & Readonly<Partial<Record<P, T>>>;

export interface GradientArguments<I extends string, P extends string, O extends string, A> {
  readonly inputs: Named<I, P, Tensor>;
  readonly outputs: Readonly<Record<O, Tensor>>;
  /** Gradients of the outputs; absent where the loss does not depend on one. */
  readonly d: Readonly<Partial<Record<O, Tensor>>>;
  readonly attributes: A;
}

/** How mixed precision treats an op: which inputs become 16-bit, which must be float32; all else follows `infer`. */
export interface MixedRule {
  readonly half?: readonly string[];
  readonly full?: readonly string[];
  /** Sets the attribute `dtype` to the 16-bit type: for ops that make activations out of float32 state. */
  readonly setsDtype?: boolean;
}

/**
 * All that is known of an op but its kernel, which has the op's name in native/ops/.
 * `I` names required inputs, `P` optional ones, `O` outputs, `A` is the attribute record.
 */
export interface OpDeclaration<I extends string, P extends string, O extends string, A extends Attributes> {
  readonly name: string;
  readonly inputs: readonly I[];
  readonly optional?: readonly P[];
  readonly outputs: readonly O[];
  infer(types: Named<I, P, TensorType>, attributes: A): Readonly<Record<O, TensorType>>;
  /** Gradients of the inputs; leave out those that have none (indices, masks). */
  gradient?(the: GradientArguments<I, P, O, A>): Partial<Record<I | P, Tensor>>;
  /** What the op means, in float64. */
  reference(values: Named<I, P, Dense>, attributes: A): Readonly<Record<O, Dense>>;
  readonly mixed?: MixedRule;
  /** Outputs that the kernel writes over an input: `{ state: 'state' }`. */
  readonly inPlace?: Readonly<Partial<Record<O, I | P>>>;
  /** Numbers for the kernel: shapes it cannot see from element counts, attributes. */
  parameters?(types: Named<I, P, TensorType>, attributes: A): readonly number[];
}

export interface Op<I extends string, P extends string, O extends string, A extends Attributes>
  extends OpDeclaration<I, P, O, A> {
  readonly inputNames: readonly string[];
}

export type AnyOp = Op<string, string, string, Attributes>;

export const defineOp = <
  const I extends string,
  const O extends string,
  A extends Attributes,
  const P extends string = never,
>(
  declaration: OpDeclaration<I, P, O, A>,
): Op<I, P, O, A> =>
  Object.freeze({ ...declaration, inputNames: [...declaration.inputs, ...(declaration.optional ?? [])] });
