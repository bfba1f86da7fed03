import { OctavoError } from '../error.js';
import type { Tensor } from '../trace/trace.js';
import { product } from '../types.js';
import { matmul } from './matmul.js';
import { permute } from './permute.js';
import { reshape } from './reshape.js';
import { sum } from './sum.js';

/** Sums over the axes whose letters nobody else has. */
function alone(x: Tensor, letters: string, others: string): readonly [Tensor, string] {
  const axis = [...letters].findIndex((letter) => !others.includes(letter));
  if (axis < 0) return [x, letters];
  return alone(sum(x, [axis, axis + 1]), letters.slice(0, axis) + letters.slice(axis + 1), others);
}

/**
 * A contraction of two tensors in the letters of einsum: `contract('bthd,bshd->bhts', q, k)`. Letters in both and in the
 * result are a batch; letters in both alone are summed by a matrix product; letters in one alone are summed first.
 * Each letter occurs once in an operand. Errors: SHAPE_MISMATCH.
 */
export function contract(spec: string, a: Tensor, b: Tensor): Tensor {
  const [, left, right, result] = /^([a-zA-Z]*),([a-zA-Z]*)->([a-zA-Z]*)$/.exec(spec) ?? [];
  const sizes = new Map<string, number>();
  const fits = (letters: string | undefined, { shape }: Tensor): boolean =>
    letters !== undefined &&
    letters.length === shape.length &&
    new Set(letters).size === letters.length &&
    [...letters].every((letter, axis) => {
      const known = sizes.get(letter) ?? shape[axis];
      sizes.set(letter, known);
      return known === shape[axis];
    });
  const named = fits(left, a) && fits(right, b) && result !== undefined && new Set(result).size === result.length;
  if (!named || [...result].some((letter) => !sizes.has(letter)))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[contract] letters for the axes of both, as in ab,bc->ac; received ${spec} for [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`,
    });
  const [x, inX] = alone(a, left, right + result);
  const [y, inY] = alone(b, right, left + result);
  const batch = [...inX].filter((letter) => inY.includes(letter) && result.includes(letter));
  const summed = [...inX].filter((letter) => inY.includes(letter) && !result.includes(letter));
  const rows = [...inX].filter((letter) => !inY.includes(letter));
  const columns = [...inY].filter((letter) => !inX.includes(letter));
  const size = (letters: readonly string[]): number => product(letters.map((letter) => sizes.get(letter) ?? 1));
  const turned = (tensor: Tensor, from: string, outer: readonly string[], inner: readonly string[]): Tensor => {
    const order = [...batch, ...outer, ...inner].map((letter) => from.indexOf(letter));
    return reshape(permute(tensor, order), [size(batch), size(outer), size(inner)]);
  };
  const made = matmul(turned(x, inX, rows, summed), turned(y, inY, summed, columns));
  const letters = [...batch, ...rows, ...columns];
  const shaped = reshape(
    made,
    letters.map((letter) => sizes.get(letter) ?? 1),
  );
  return permute(
    shaped,
    [...result].map((letter) => letters.indexOf(letter)),
  );
}
