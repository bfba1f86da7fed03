import { record, type Tensor } from '../trace/trace.js';
import { defineOp } from './define.js';

type AdafactorAttributes = {
  /** The least root mean square of an estimate. */
  readonly epsilon: number;
  /** The least scale of a parameter. */
  readonly leastScale: number;
  /** Largest root mean square of an update, d. */
  readonly clip: number;
  readonly weightDecay: number;
};

/**
 * One step of Adafactor on a matrix, in place: second moments are kept as the sums of rows and columns only.
 * r ← β₂r + (1 − β₂) mean of g² by row, c alike by column; u = g / √(r c / mean r); p ← p(1 − rate · λ) −
 * rate · max(ε₂, RMS p) · u / max(1, RMS u / d). Nothing changes where `applied` is 0.
 *   parameter, gradient: [R, C]; rowState: [R]; columnState: [C]; factor, applied: []; rates: [2] = (rate, 1 − β₂ₜ).
 * Source: Shazeer and Stern 2018, arXiv 1804.04235, algorithm 4, in the form of torch.optim.Adafactor.
 */
export const adafactorOp = defineOp({
  name: 'adafactor',
  inputs: ['parameter', 'gradient', 'rowState', 'columnState', 'factor', 'applied', 'rates'],
  outputs: ['newParameter', 'newRowState', 'newColumnState'],
  inPlace: { newParameter: 'parameter', newRowState: 'rowState', newColumnState: 'columnState' },
  mixed: { full: ['gradient'] },
  infer: ({ parameter, rowState, columnState }, _: AdafactorAttributes) => ({
    newParameter: parameter,
    newRowState: rowState,
    newColumnState: columnState,
  }),
  reference: (the, { epsilon, leastScale, clip, weightDecay }) => {
    const [rows, columns] = the.parameter.shape;
    const [p, r, c] = [the.parameter, the.rowState, the.columnState].map(({ data }) => Float64Array.from(data));
    const [rate, rest] = the.rates.data;
    if (the.applied.data[0] > 0 && p.length > 0) {
      const g = the.gradient.data.map((value) => value * the.factor.data[0]);
      const meanSquare = (count: number, at: (k: number) => number): number => {
        let total = 0;
        for (let k = 0; k < count; k++) total += at(k) ** 2;
        return total / count;
      };
      for (let i = 0; i < rows; i++) r[i] += rest * (meanSquare(columns, (j) => g[i * columns + j]) - r[i]);
      for (let j = 0; j < columns; j++) c[j] += rest * (meanSquare(rows, (i) => g[i * columns + j]) - c[j]);
      const mean = Math.max(r.reduce((a, b) => a + b, 0) / rows, epsilon);
      const update = g.map(
        (value, k) =>
          value / Math.sqrt(Math.max((r[Math.floor(k / columns)] * c[k % columns]) / mean, epsilon * epsilon)),
      );
      const rms = (values: Float64Array): number => Math.sqrt(meanSquare(values.length, (k) => values[k]));
      const move = (rate * Math.max(leastScale, rms(p))) / Math.max(1, rms(update) / clip);
      for (let k = 0; k < p.length; k++) p[k] = p[k] * (1 - rate * weightDecay) - move * update[k];
    }
    return {
      newParameter: { ...the.parameter, data: p },
      newRowState: { ...the.rowState, data: r },
      newColumnState: { ...the.columnState, data: c },
    };
  },
  parameters: ({ parameter }, { epsilon, leastScale, clip, weightDecay }) => [
    ...parameter.shape,
    epsilon,
    leastScale,
    clip,
    weightDecay,
  ],
});

export const adafactor = (
  the: Readonly<Record<'parameter' | 'gradient' | 'rowState' | 'columnState' | 'factor' | 'applied' | 'rates', Tensor>>,
  attributes: AdafactorAttributes,
): Readonly<Record<'newParameter' | 'newRowState' | 'newColumnState', Tensor>> =>
  record(the.parameter.trace, adafactorOp, the, { ...attributes });
