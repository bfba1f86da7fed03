import type { SparseMatrix } from './pair-counts.js';

/** Rows × columns, row by row. */
type Dense = Float64Array;

/** A X, or Aᵀ X, for X of `width` columns. */
function times({ rows, starts, columns, values }: SparseMatrix, x: Dense, width: number, transposed: boolean): Dense {
  const y = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++)
    for (let at = starts[row] ?? 0; at < (starts[row + 1] ?? 0); at++) {
      const value = values[at] ?? 0;
      if (value === 0) continue;
      const column = columns[at] ?? 0;
      const from = (transposed ? row : column) * width;
      const to = (transposed ? column : row) * width;
      for (let i = 0; i < width; i++) y[to + i] = (y[to + i] ?? 0) + value * (x[from + i] ?? 0);
    }
  return y;
}

/** Xᵀ X of a matrix of `width` columns. */
function gram(x: Dense, width: number): Dense {
  const g = new Float64Array(width * width);
  for (let row = 0; row < x.length; row += width)
    for (let i = 0; i < width; i++) {
      const value = x[row + i] ?? 0;
      for (let j = 0; j < width; j++) g[i * width + j] = (g[i * width + j] ?? 0) + value * (x[row + j] ?? 0);
    }
  return g;
}

/** X M, M square. */
function product(x: Dense, m: Dense, width: number): Dense {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width)
    for (let i = 0; i < width; i++) {
      const value = x[row + i] ?? 0;
      for (let j = 0; j < width; j++) y[row + j] = (y[row + j] ?? 0) + value * (m[i * width + j] ?? 0);
    }
  return y;
}

/** Eigenvalues, the largest first, and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations. */
function eigen(given: Dense, width: number) {
  const a = given.slice();
  const v = new Float64Array(width * width);
  for (let i = 0; i < width; i++) v[i * width + i] = 1;
  const at = (m: Dense, i: number, j: number): number => m[i * width + j] ?? 0;
  const rotate = (m: Dense, one: number, other: number, stride: number, c: number, s: number): void => {
    for (let i = 0; i < width; i++) {
      const p = m[one + i * stride] ?? 0;
      const q = m[other + i * stride] ?? 0;
      m[one + i * stride] = c * p - s * q;
      m[other + i * stride] = s * p + c * q;
    }
  };
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    let diagonal = 0;
    for (let i = 0; i < width; i++) {
      diagonal += at(a, i, i) ** 2;
      for (let j = 0; j < i; j++) off += at(a, i, j) ** 2;
    }
    if (off <= 1e-24 * diagonal) break;
    for (let p = 0; p < width; p++)
      for (let q = p + 1; q < width; q++) {
        const apq = at(a, p, q);
        if (apq === 0) continue;
        const theta = (at(a, q, q) - at(a, p, p)) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        rotate(a, p, q, width, c, t * c);
        rotate(a, p * width, q * width, 1, c, t * c);
        rotate(v, p, q, width, c, t * c);
      }
  }
  const order = Array.from({ length: width }, (_, i) => i).sort((i, j) => at(a, j, j) - at(a, i, i) || i - j);
  const vectors = new Float64Array(width * width);
  for (let i = 0; i < width; i++) for (const [to, from] of order.entries()) vectors[i * width + to] = at(v, i, from);
  return { values: order.map((i) => Math.max(0, at(a, i, i))), vectors };
}

/** The columns of X made orthonormal by the square root of its Gram matrix; what is next to nothing becomes nothing. */
function orthonormal(x: Dense, width: number): Dense {
  const { values, vectors } = eigen(gram(x, width), width);
  const floor = (values[0] ?? 0) * 1e-18;
  const scaled = vectors.map((value, at) => {
    const of = values[at % width] ?? 0;
    return of > floor ? value / Math.sqrt(of) : 0;
  });
  return product(x, scaled, width);
}

/** Columns drawn beyond those that are wanted, and rounds: enough for vectors of words. */
const spare = 10;
const rounds = 2;

/**
 * The `size` largest left singular vectors of a square matrix, each scaled by the square root of its singular value, row by
 * row. Randomised subspace iteration: Halko, Martinsson and Tropp 2011, algorithm 4.4.
 */
export function singularVectors(matrix: SparseMatrix, size: number): Float32Array {
  const width = Math.min(size + spare, matrix.rows);
  let state = 0x2545f491;
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
  const start = Float64Array.from({ length: matrix.rows * width }, draw);
  let basis = orthonormal(times(matrix, start, width, false), width);
  for (let round = 0; round < rounds; round++) {
    const back = orthonormal(times(matrix, basis, width, true), width);
    basis = orthonormal(times(matrix, back, width, false), width);
  }
  const { values, vectors } = eigen(gram(times(matrix, basis, width, true), width), width);
  const left = product(basis, vectors, width);
  const found = new Float32Array(matrix.rows * size);
  for (let row = 0; row < matrix.rows; row++)
    for (let i = 0; i < size; i++) found[row * size + i] = (left[row * width + i] ?? 0) * (values[i] ?? 0) ** 0.25;
  return found;
}
