/** What closes keys or moves scores: windows, padding, other sequences, biases by distance; alone and together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceBackend } from '../backends/reference/reference.js';
import { backends, isas, native } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import { checkGolden } from '../testing/check-golden.js';
import { expectClose, tolerance } from '../testing/close.js';
import { draw, type Specs } from '../testing/draw.js';
import { golden } from '../testing/golden.js';
import { alibi, alibiSlopes } from './alibi.js';
import { type AttentionChoices, attention } from './attention.js';
import { relativeBias } from './relative-bias.js';

type Bounds = 'none' | 'sequence' | 'query';
interface Case {
  readonly batch: number;
  readonly time: number;
  /** Length of the other sequence; absent where a sequence attends to itself. */
  readonly other?: number | undefined;
  readonly bounds?: Bounds;
  /** Whether the bias by distance is drawn. */
  readonly biased?: boolean;
  readonly choices: AttentionChoices;
}

const keysOf = ({ time, other }: Case): number => other ?? time;

/** Operands of a case. Bounds are drawn from before the first key to beyond the last, so that some queries see no key. */
const specs = (the: Case, seed = 0): Specs => {
  const { batch, time, other, bounds = 'none', biased = false, choices } = the;
  const { heads, keyValueHeads, headWidth } = choices;
  const keys = keysOf(the);
  const self = (heads + 2 * keyValueHeads) * headWidth;
  const shape = bounds === 'query' ? [batch, time] : [batch];
  const bound = (from: number) =>
    ({
      shape,
      dtype: 'int32',
      values: Array.from({ length: batch * (bounds === 'query' ? time : 1) }, (_, i) => {
        const drawn = (((i + 1) * 7919 + seed * 31) % 97) / 97;
        return Math.round(from + (drawn - 0.5) * (keys + 4));
      }),
    }) as const;
  return {
    qkv: { shape: [batch, time, other === undefined ? self : heads * headWidth] },
    ...(other === undefined ? {} : { memory: { shape: [batch, other, 2 * keyValueHeads * headWidth] } }),
    ...(bounds === 'none' ? {} : { starts: bound(0), ends: bound(keys) }),
    ...(biased ? { bias: { shape: [Math.max(0, keys + time - 1), heads] } } : {}),
  };
};
const body =
  ({ choices }: Case): Body =>
  ({ qkv, memory, starts, ends, bias }) => ({ y: attention({ qkv, memory, starts, ends, bias }, choices) });

const two = { heads: 2, keyValueHeads: 1, headWidth: 2 };

describe('attention over chosen keys', () => {
  it.each<readonly [string, Case]>([
    ['both ways', { batch: 1, time: 4, choices: { ...two, causal: false } }],
    ['in a window of the past', { batch: 1, time: 5, choices: { ...two, window: 2 } }],
    ['in a window of both ways', { batch: 1, time: 5, choices: { ...two, causal: false, window: 2 } }],
    ['over padded keys', { batch: 2, time: 3, bounds: 'sequence', choices: { ...two, causal: false } }],
    ['between bounds of each query', { batch: 2, time: 3, bounds: 'query', choices: { ...two, causal: false } }],
    ['over a longer sequence', { batch: 2, time: 2, other: 4, choices: { ...two, causal: false } }],
    ['over a shorter sequence, causal', { batch: 1, time: 4, other: 2, biased: true, choices: two }],
    ['with a bias by distance', { batch: 2, time: 3, biased: true, choices: { ...two, causal: false, scale: 1 } }],
  ])('has the gradient of finite differences %s', (_, the) => checkGradient(specs(the, 1), body(the)));

  it('is its definition, whatever is chosen together', () =>
    checkShapes(
      fc.record({
        batch: size(3),
        time: size(20),
        other: fc.option(size(33), { nil: undefined }),
        bounds: fc.constantFrom<Bounds>('none', 'sequence', 'query'),
        biased: fc.boolean(),
        choices: fc
          .tuple(fc.constantFrom([1, 1], [2, 2], [4, 2], [3, 1]), size(17, 1), fc.boolean(), size(9))
          .map(([[heads, keyValueHeads], headWidth, causal, window]) => ({
            heads,
            keyValueHeads,
            headWidth,
            causal,
            window,
          })),
      }),
      (the) => ({ specs: specs(the, the.time), body: body(the), factor: 2 }),
      24,
    ));

  it.each<readonly [string, Case]>([
    ['both ways', { batch: 1, time: 131, bounds: 'sequence', biased: true, choices: { ...two, causal: false } }],
    ['in a window', { batch: 1, time: 200, biased: true, choices: { ...two, window: 40 } }],
    ['over another sequence', { batch: 2, time: 70, other: 150, bounds: 'query', choices: { ...two, causal: false } }],
  ])('is its definition over more than one block of queries %s', (_, the) =>
    checkKernels({ specs: specs(the, 2), body: body(the), factor: 2 }),
  );

  it('keeps packed documents apart, both ways', () =>
    checkKernels({
      specs: {
        ...specs({ batch: 1, time: 6, choices: two }),
        ends: { shape: [1, 6], dtype: 'int32', values: [3, 3, 3, 6, 6, 6] },
        starts: { shape: [1, 6], dtype: 'int32', values: [0, 0, 0, 3, 3, 3] },
      },
      body: body({ batch: 1, time: 6, choices: { ...two, causal: false } }),
    }));

  it('gives nothing where no key is open, and no gradient', async () => {
    const the: Case = { batch: 2, time: 70, choices: { ...two, causal: false } };
    const given = { ...specs(the), ends: { shape: [2], dtype: 'int32', values: [0, 70] } } as const;
    const graph = graphOf(given, body(the));
    for (const isa of isas()) {
      const { y } = await evaluate(native(isa), graph, draw(given, 4));
      expect(y.slice(0, 70 * 4).every((value) => value === 0)).toBe(true);
      expect(y.slice(70 * 4).some((value) => value === 0)).toBe(false);
    }
  });

  it('does not see what is padded, or beyond the window', async () => {
    const the: Case = { batch: 1, time: 150, choices: { ...two, causal: false, window: 10 } };
    const given = { ...specs(the), ends: { shape: [1], dtype: 'int32', values: [100] } } as const;
    const graph = graphOf(given, body(the));
    const values = draw(given, 5);
    // Rows 0 … 49 look at most at key 59; key 60 and all padded keys are another.
    const changed = { ...values, qkv: values.qkv.map((value, i) => (i >= 60 * 8 ? 3 - value : value)) };
    for (const isa of isas()) {
      const [before, after] = [values, changed].map((of) => evaluate(native(isa), graph, of));
      expect((await after).y.slice(0, 50 * 4)).toEqual((await before).y.slice(0, 50 * 4));
      expect((await after).y.slice(51 * 4, 52 * 4)).not.toEqual((await before).y.slice(51 * 4, 52 * 4));
    }
  });

  it('refuses what does not fit', () => {
    const self = { qkv: { shape: [2, 3, 8] } } as const;
    const other = { qkv: { shape: [2, 3, 4] }, memory: { shape: [2, 5, 4] } } as const;
    const refused = (given: Specs, choices: Partial<AttentionChoices> = {}) =>
      expect(() => graphOf(given, body({ batch: 2, time: 3, choices: { ...two, ...choices } }))).toThrow(
        /SHAPE_MISMATCH/,
      );
    expect(() => graphOf(other, body({ batch: 2, time: 3, choices: two }))).not.toThrow();
    refused({ ...other, qkv: self.qkv });
    refused({ ...other, memory: { shape: [1, 5, 4] } });
    refused({ ...self, bias: { shape: [4, 2] } });
    refused({ ...self, bias: { shape: [5, 1] } });
    refused({ ...self, ends: { shape: [3], dtype: 'int32', values: [1, 1, 1] } });
    refused(self, { window: 1.5 });
    refused(self, { window: -1 });
  });
});

describe('a bias by distance', () => {
  const learned =
    (queries: number, keys: number, causal: boolean): Body =>
    ({ table }) => ({ y: relativeBias(table, { queries, keys, causal, maxDistance: 20 }) });

  it.each([true, false])('has the gradient of finite differences for its table, causal: %s', (causal) => {
    checkGradient({ table: { shape: [8, 3] } }, learned(4, 6, causal));
    const choices = { ...two, causal };
    const whole: Body = ({ table, qkv }) => ({
      y: attention({ qkv, bias: relativeBias(table, { queries: 5, keys: 5, causal, maxDistance: 3 }) }, choices),
    });
    checkGradient({ table: { shape: [4, 2] }, qkv: { shape: [1, 5, 8] } }, whole);
  });
  it('is its definition on every size', () =>
    checkShapes(fc.tuple(size(), size(), fc.boolean()), ([queries, keys, causal]) => ({
      specs: { table: { shape: [10, 3] } },
      body: learned(queries, keys, causal),
    })));
  it('refuses buckets that do not halve, and a distance inside the exact buckets', () => {
    const made = (buckets: number, maxDistance: number) => () =>
      graphOf({ table: { shape: [buckets, 1] } }, ({ table }) => ({
        y: relativeBias(table, { queries: 1, keys: 1, causal: false, maxDistance }),
      }));
    expect(made(32, 128)).not.toThrow();
    expect(made(7, 128)).toThrow(/SHAPE_MISMATCH/);
    expect(made(2, 128)).toThrow(/SHAPE_MISMATCH/);
    expect(made(32, 8)).toThrow(/SHAPE_MISMATCH/);
  });

  it('has the slopes of the paper', () => {
    expect(alibiSlopes(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => 2 ** -i));
    expect(alibiSlopes(16)[0]).toBeCloseTo(Math.SQRT1_2, 12);
    // Twelve heads: those of 8, then every other one of 16.
    expect(alibiSlopes(12).slice(7)).toEqual([2 ** -8, 2 ** -0.5, 2 ** -1.5, 2 ** -2.5, 2 ** -3.5]);
    expect(alibiSlopes(1)).toEqual([2 ** -8]);
  });
  it('falls by the slope with every step away from the query', async () => {
    const graph = graphOf({ x: { shape: [1] } }, ({ x }) => ({
      y: alibi(x.trace, { queries: 2, keys: 3, slopes: [0.5, 2] }),
    }));
    for (const backend of [referenceBackend(), ...isas().map((isa) => native(isa))]) {
      const { y } = await evaluate(backend, graph, { x: Float64Array.of(0) });
      expectClose(y, [-1, -4, -0.5, -2, -0, -0, -0.5, -2], tolerance.float64);
    }
  });
});

describe.each(backends())('PyTorch, on $name', (backend) => {
  const cases = golden('attention-masks');
  it.each(Object.keys(cases))('%s', (name) =>
    checkGolden(backend, cases[name], ({ qkv, memory, starts, ends, bias }, attributes) => {
      const choices = {
        heads: Number(attributes['heads']),
        keyValueHeads: Number(attributes['keyValueHeads']),
        headWidth: Number(attributes['headWidth']),
        causal: Boolean(attributes['causal']),
        window: Number(attributes['window']),
        ...(attributes['scale'] === undefined ? {} : { scale: Number(attributes['scale']) }),
      };
      const [queries, keys, slopes] = [qkv.shape[1], (memory ?? qkv).shape[1], alibiSlopes(choices.heads)];
      const moved = attributes['alibi'] === true ? alibi(qkv.trace, { queries, keys, slopes }) : bias;
      return attention({ qkv, memory, starts, ends, bias: moved }, choices);
    }),
  );
});
