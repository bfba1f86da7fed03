/** log Σ exp over a row: −∞ of nothing. */
export function logSumOf(row: Float64Array): number {
  const highest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (highest === Number.NEGATIVE_INFINITY) return highest;
  return highest + Math.log(row.reduce((total, value) => total + Math.exp(value - highest), 0));
}
