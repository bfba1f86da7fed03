/** Recording functions as graphs, and what cannot be recorded. */
import { describe, expect, it } from 'vitest';
import { add } from '../ops/add.js';
import { exp } from '../ops/exp.js';
import { linear } from '../ops/linear.js';
import { multiply } from '../ops/multiply.js';
import { broadcastShape } from '../types.js';
import { print } from './graph.js';
import { input, isTensor, scoped, type Tensor, type Trace, trace } from './trace.js';

const f32 = (t: Trace, name: string, shape: readonly number[]) => input(t, name, { dtype: 'float32', shape });
const inTrace = (body: (t: Trace) => void) => () =>
  trace((t) => {
    body(t);
    return { outputs: {} };
  });

describe('trace', () => {
  it('records what a function does, with paths, attributes and updates', () => {
    const graph = trace((t) => {
      const [x, w, state] = [f32(t, 'x', [2, 3]), f32(t, 'w', [4, 3]), f32(t, 'state', [2, 4])];
      const y = scoped(t, 'blocks', () => scoped(t, '0', () => linear(x, w)));
      return { outputs: { y: multiply(y, 2) }, updates: [[state, add(state, y)]] };
    });
    expect(print(graph)).toMatchInlineSnapshot(`
      "%0 = input x float32[2, 3]
      %1 = input w float32[4, 3]
      %2 = input state float32[2, 4]
      %3, %4 = linear(%0, %1, ·, ·) {activation: none} float32[2, 4] float32[2, 4]  # blocks.0
      %5 = constant() {value: 2, shape: [], dtype: float32} float32[]
      %6 = multiply(%3, %5) float32[2, 4]
      %7 = add(%2, %3) float32[2, 4]
      output y = %6
      update %2 ← %7"
    `);
  });
  it('gives graphs that cannot be changed', () => {
    const graph = trace((t) => ({ outputs: { y: exp(f32(t, 'x', [2])) } }));
    expect(
      Object.isFrozen(graph) &&
        Object.isFrozen(graph.nodes[0]) &&
        Object.isFrozen(graph.nodes[0].inputs) &&
        Object.isFrozen(graph.types[0].shape),
    ).toBe(true);
  });
  it('closes scopes when a body throws', () => {
    trace((t) => {
      expect(() =>
        scoped(t, 'lost', () => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      expect(t.scope).toEqual([]);
      return { outputs: {} };
    });
  });
  it('refuses two inputs of one name', () =>
    expect(
      inTrace((t) => {
        f32(t, 'x', [1]);
        f32(t, 'x', [1]);
      }),
    ).toThrow(/two inputs are called x \[GRAPH_INVALID\]/));
  it('refuses tensors of two traces', () => {
    let other: Tensor | undefined;
    trace((t) => {
      other = f32(t, 'x', [1]);
      return { outputs: {} };
    });
    expect(
      inTrace((t) => {
        add(f32(t, 'y', [1]), other ?? 0);
      }),
    ).toThrow(/inputs of one trace/);
  });
  it('refuses an update of another type', () =>
    expect(() => trace((t) => ({ outputs: {}, updates: [[f32(t, 'a', [2]), f32(t, 'b', [3])]] }))).toThrow(
      /an update keeps the type; received float32\[3\] for float32\[2\]/,
    ));
  it('refuses operands of two dtypes', () =>
    expect(
      inTrace((t) => {
        add(f32(t, 'x', [1]), input(t, 'i', { dtype: 'int32', shape: [1] }));
      }),
    ).toThrow(/operands of one dtype; received float32\[1\] and int32\[1\] \[DTYPE_MISMATCH\]/));
  it('refuses shapes that do not broadcast', () =>
    expect(
      inTrace((t) => {
        add(f32(t, 'x', [2, 3]), f32(t, 'y', [2]));
      }),
    ).toThrow(/shapes that broadcast; received \[2, 3\] and \[2\]/));
  it('knows a tensor when it sees one', () =>
    trace((t) => {
      expect([isTensor(f32(t, 'x', [])), isTensor({}), isTensor(null), isTensor(3)]).toEqual([
        true,
        false,
        false,
        false,
      ]);
      return { outputs: {} };
    }));
});

describe('broadcastShape', () => {
  it.each([
    [
      [[2, 3], [3]],
      [2, 3],
    ],
    [
      [
        [2, 1],
        [1, 3],
      ],
      [2, 3],
    ],
    [[[], [4]], [4]],
    [[[0], [1]], [0]],
    [
      [
        [5, 1, 2],
        [3, 1],
      ],
      [5, 3, 2],
    ],
    [[], []],
  ])('of %j is %j', (shapes, expected) => expect(broadcastShape('test', shapes)).toEqual(expected));
});
