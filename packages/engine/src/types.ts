import { OctavoError } from './error.js';

/** Element types. `float64` exists on the reference backend only; the 16-bit ones are storage, sums are float32. */
export type DType = 'float64' | 'float32' | 'bfloat16' | 'float16' | 'int32' | 'uint32' | 'int8';

export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

const bytes: Readonly<Record<DType, number>> = {
  float64: 8,
  float32: 4,
  bfloat16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  int8: 1,
};

export const isFloat = (dtype: DType): boolean => dtype !== 'int32' && dtype !== 'uint32' && dtype !== 'int8';
export const isHalf = (dtype: DType): boolean => dtype === 'bfloat16' || dtype === 'float16';
export const bytesOf = (dtype: DType): number => bytes[dtype];
export const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
export const sizeOf = (type: TensorType): number => product(type.shape);
export const byteLengthOf = (type: TensorType): number => sizeOf(type) * bytesOf(type.dtype);
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
export const showType = (type: TensorType): string => `${type.dtype}[${type.shape.join(', ')}]`;

/**
 * The dtype of an elementwise result: a 16-bit operand makes a 16-bit result, so that activations stay small when they
 * meet a float32 gain or bias; otherwise all operands must agree.
 */
export function promote(op: string, types: readonly TensorType[]): DType {
  const half = types.find((type) => isHalf(type.dtype));
  if (half !== undefined) return half.dtype;
  const first = types[0]?.dtype ?? 'float32';
  const other = types.find((type) => type.dtype !== first);
  if (other !== undefined)
    throw new OctavoError('DTYPE_MISMATCH', {
      what: `[${op}] operands of one dtype; received ${types.map(showType).join(' and ')}`,
      remedy: 'cast one of them',
    });
  return first;
}

/** The shape that NumPy's rules give; throws SHAPE_MISMATCH where sizes differ and neither is 1. */
export function broadcastShape(op: string, shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((value) => value !== 1) ?? 1;
    if (sizes.some((value) => value !== 1 && value !== size))
      throw new OctavoError('SHAPE_MISMATCH', {
        what: `[${op}] shapes that broadcast; received ${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')}`,
      });
    return size;
  });
}
