/** What holds for every model: gradients are those of finite differences, and bits do not depend on the number of threads. */
import { chooseIsa, interpret, philox } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { differentBits, everyModel, type ModelCase, stepOf, valuesOf } from './every-model.test-support.js';

type Values = Parameters<typeof interpret>[1];

/** Every named output of a graph, by the reference in float64. */
function evaluate(graph: ReturnType<typeof stepOf>, values: Values): ReadonlyMap<string, Float64Array> {
  const made = interpret(graph, values);
  return new Map(graph.outputs.map(({ name, value }) => [name, made.get(value)?.data ?? new Float64Array()]));
}

/** Loss and gradients of a model, and its loss along a direction of one parameter. */
function differences(model: ModelCase) {
  const shapes = new Map<string, readonly number[]>([
    ...model.parameters.map(({ path, shape }) => [path, shape] as const),
    ...Object.entries(model.inputs).map(([name, { type }]) => [name, type.shape] as const),
  ]);
  const values = new Map(
    Object.entries(valuesOf(model)).map(
      ([name, data]): readonly [string, { readonly shape: readonly number[]; readonly data: Float64Array }] => [
        name,
        { shape: shapes.get(name) ?? [], data: Float64Array.from(data) },
      ],
    ),
  );
  const exact = evaluate(stepOf(model, { gradients: true }), values);
  const forward = stepOf(model, { gradients: false });
  const along = (path: string, direction: Float64Array): number => {
    const before = values.get(path);
    if (before === undefined) throw new Error(`${model.name} has no ${path}`);
    const moved = (by: number): number => {
      const data = before.data.map((value, i) => value + by * (direction[i] ?? 0));
      return evaluate(forward, new Map(values).set(path, { shape: before.shape, data })).get('loss')?.[0] ?? Number.NaN;
    };
    // Fourth order, so that the step may be long enough for rounding not to matter.
    const step = 2 ** -15;
    return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
  };
  return { exact, along };
}

describe('in float64', () => {
  it.each(everyModel('tiny').map((model) => [model.name, model] as const))(
    'the gradient of every parameter is that of finite differences: %s',
    (_, model) => {
      const { exact, along } = differences(model);
      expect(exact.get('loss')?.[0]).toBeGreaterThan(0);
      model.parameters.forEach(({ path }, stream) => {
        const found = exact.get(`d.${path}`) ?? new Float64Array();
        const norm = Math.hypot(...found);
        expect(norm, path).toBeGreaterThan(0);
        // Two directions whose every element counts: a gradient wrong anywhere is wrong along them.
        for (const turn of [0, 1]) {
          const direction = found.map((_, i) => philox([i, stream, turn, 1], [7, 7])[0] / 2 ** 31 - 1);
          const slope = found.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0);
          expect(Math.abs(slope - along(path, direction)) / norm, path).toBeLessThan(1e-6);
        }
      });
    },
  );
});

it.each(everyModel('small').map((model) => [model.name, model] as const))(
  'loss and gradients have the same bits on 1, 2, 3 and 7 threads: %s',
  async (_, model) => {
    const chosen = { isa: chooseIsa(undefined), form: 'widened', precision: 'bfloat16' } as const;
    expect(await differentBits(model, chosen)).toEqual([]);
  },
);
