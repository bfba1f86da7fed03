import { OctavoError } from '../error.js';
import { product } from '../types.js';

/** An axis counted from the front; −1 is the last. Errors: SHAPE_MISMATCH. */
export function axisOf(op: string, shape: readonly number[], axis: number): number {
  const found = axis < 0 ? axis + shape.length : axis;
  if (!(Number.isInteger(found) && found >= 0 && found < shape.length))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[${op}] an axis of [${shape.join(', ')}]; received ${axis}`,
    });
  return found;
}

/** A shape as [outer, n, inner] around one axis. */
export const around = (shape: readonly number[], axis: number): readonly [number, number, number] => [
  product(shape.slice(0, axis)),
  shape[axis],
  product(shape.slice(axis + 1)),
];

/** The shape with another size on one axis. */
export const resized = (shape: readonly number[], axis: number, size: number): readonly number[] =>
  shape.map((old, i) => (i === axis ? size : old));
