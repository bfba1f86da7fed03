/** A function and the parts of its slope at one point: the slope is their sum. */
export interface Sample {
  readonly value: number;
  readonly parts: Float64Array;
}

/** Lobatto's five points of [−1, 1] with their weights: exact to degree 7, and the ends are among them. */
const inner = Math.sqrt(3 / 7);
const nodes = [-1, -inner, 0, inner, 1] as const;
const weights = [1 / 10, 49 / 90, 32 / 45, 49 / 90, 1 / 10] as const;

interface Panel {
  readonly from: number;
  readonly to: number;
}

const pointsOf = ({ from, to }: Panel): readonly number[] =>
  nodes.map((node) =>
    node === 0 ? (from + to) / 2 : node === -1 ? from : node === 1 ? to : (from + to) / 2 + (node * (to - from)) / 2,
  );

/**
 * Integrates the parts of a slope over [0, 1]. Each panel knows what its parts must add up to, the function's change over
 * it, and is halved until the panels' errors together are within `bound(change)` or `most` points are spent.
 * Source of the rule: Abramowitz and Stegun 1964, §25.4.32.
 */
export async function integrate(
  evaluate: (points: readonly number[]) => Promise<readonly Sample[]>,
  { bound, most }: { readonly bound: (change: number) => number; readonly most: number },
): Promise<{ readonly parts: Float64Array; readonly first: number; readonly last: number; readonly points: number }> {
  const known = new Map<number, Sample>();
  const learn = async (panels: readonly Panel[]): Promise<void> => {
    const wanted = [...new Set(panels.flatMap(pointsOf))].filter((point) => !known.has(point));
    const found = await evaluate(wanted);
    wanted.forEach((point, i) => {
      const sample = found[i];
      if (sample !== undefined) known.set(point, sample);
    });
  };
  const valueAt = (point: number): number => known.get(point)?.value ?? Number.NaN;
  const integral = (panel: Panel): Float64Array => {
    const total = new Float64Array(known.get(panel.from)?.parts.length ?? 0);
    pointsOf(panel).forEach((point, i) => {
      const weight = ((weights[i] ?? 0) * (panel.to - panel.from)) / 2;
      known.get(point)?.parts.forEach((part, t) => {
        total[t] = (total[t] ?? 0) + weight * part;
      });
    });
    return total;
  };
  const add = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const errorOf = (panel: Panel): number => Math.abs(add(integral(panel)) - (valueAt(panel.to) - valueAt(panel.from)));

  let panels: readonly Panel[] = [0, 1, 2, 3].map((i) => ({ from: i / 4, to: (i + 1) / 4 }));
  for (;;) {
    await learn(panels);
    const errors = panels.map(errorOf);
    const allowed = bound(valueAt(1) - valueAt(0));
    const rough = new Set(panels.filter((_, i) => !((errors[i] ?? 0) <= allowed / panels.length)));
    const whole = errors.reduce((a, b) => a + b, 0);
    if (!(whole > allowed) || known.size + 6 * rough.size > most) break;
    panels = panels.flatMap((panel) => {
      if (!rough.has(panel)) return [panel];
      const middle = (panel.from + panel.to) / 2;
      return [
        { from: panel.from, to: middle },
        { from: middle, to: panel.to },
      ];
    });
  }
  const parts = new Float64Array(known.get(0)?.parts.length ?? 0);
  for (const panel of panels)
    integral(panel).forEach((part, t) => {
      parts[t] = (parts[t] ?? 0) + part;
    });
  return { parts, first: valueAt(0), last: valueAt(1), points: known.size };
}
