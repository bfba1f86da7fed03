/** The linear recurrence beside the same model written out in loops over float64, and what it may depend on. */
import { input, loadAddon, nativeBackend, philox, product, referenceBackend, trace } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { initialValues } from './initialise.js';
import {
  type LinearRecurrenceConfig,
  linearRecurrenceLogits,
  linearRecurrenceParameters,
} from './linear-recurrence.js';

const config: LinearRecurrenceConfig = {
  vocabularySize: 11,
  depth: 2,
  width: 6,
  recurrentWidth: 7,
  convolutionWidth: 3,
  feedForwardWidth: 9,
  normEpsilon: 1e-5,
};
const [time, V, D, R, F, K] = [8, 11, 6, 7, 9, 3];
const specs = linearRecurrenceParameters(config);
const values = new Map(
  specs.map((spec, stream) => [
    spec.path,
    initialValues(spec, { seed: 3, stream }).map((value, i) => value + philox([i, stream, 5, 0], [1, 1])[0] / 2 ** 33),
  ]),
);

type Row = readonly number[];
const of = (path: string): Float32Array => {
  const found = values.get(path);
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
};
const at = (row: ArrayLike<number>, i: number): number => row[i] ?? Number.NaN;
const times = (path: string, rows: number, x: Row): Row =>
  Array.from({ length: rows }, (_, r) => x.reduce((sum, value, c) => sum + value * at(of(path), r * x.length + c), 0));
const normed = (path: string, x: Row): Row => {
  const size = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + 1e-5);
  return x.map((value, i) => (value / size) * at(of(path), i));
};
const bent = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const squashed = (x: number): number => 1 / (1 + Math.exp(-x));

/** Logits of one sequence, token by token: the state and the last inputs are all that is kept of the past. */
function writtenOut(tokens: Row): readonly Row[] {
  const states = Array.from({ length: config.depth }, () => new Array<number>(R).fill(0));
  const pasts = Array.from({ length: config.depth }, (): Row[] => []);
  return tokens.map((token) => {
    let x: Row = Array.from({ length: D }, (_, i) => at(of('embedding.token'), token * D + i));
    for (let layer = 0; layer < config.depth; layer++) {
      const path = `blocks.${layer}.recurrence`;
      const [past, state] = [pasts[layer] ?? [], states[layer] ?? []];
      const own = normed(`${path}.norm.gain`, x);
      past.push(times(`${path}.input.weight`, R, own));
      const seen = Array.from({ length: R }, (_, c) => {
        const taps = Array.from({ length: K }, (_, k) => {
          const before = past[past.length - K + k];
          return before === undefined ? 0 : at(before, c) * at(of(`${path}.convolution.weight`), c * K + k);
        });
        return at(of(`${path}.convolution.bias`), c) + taps.reduce((sum, value) => sum + value, 0);
      });
      const gates = (name: string): Row =>
        times(`${path}.${name}.weight`, R, seen).map((value, c) => squashed(value + at(of(`${path}.${name}.bias`), c)));
      const [forget, admit] = [gates('forget'), gates('admit')];
      for (let c = 0; c < R; c++) {
        const kept = Math.exp(-8 * Math.log1p(Math.exp(at(of(`${path}.decay`), c))) * at(forget, c));
        state[c] = kept * at(state, c) + Math.sqrt(1 - kept * kept) * at(admit, c) * at(seen, c);
      }
      const open = times(`${path}.gate.weight`, R, own).map(bent);
      const out = times(
        `${path}.output.weight`,
        D,
        open.map((value, c) => value * at(state, c)),
      );
      const middle = x.map((value, i) => value + at(out, i));
      const feed = `blocks.${layer}.feedForward`;
      const inner = normed(`${feed}.norm.gain`, middle);
      const up = times(`${feed}.up.weight`, F, inner);
      const gated = times(`${feed}.gate.weight`, F, inner).map((value, i) => bent(value) * at(up, i));
      const down = times(`${feed}.down.weight`, D, gated);
      x = middle.map((value, i) => value + at(down, i));
    }
    return times('embedding.token', V, normed('norm.gain', x));
  });
}

const graph = trace((t) => {
  const parameters = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
  const tokens = input(t, 'tokens', { dtype: 'int32', shape: [2, time] });
  return { outputs: { logits: linearRecurrenceLogits(config, parameters, tokens) } };
});
const sequences: readonly Row[] = [
  [1, 2, 3, 4, 5, 6, 7, 8],
  [9, 0, 10, 1, 1, 2, 9, 0],
];
const logitsOn = async (backend: ReturnType<typeof referenceBackend>, rows: readonly Row[]) =>
  (await backend.run(backend.compile(graph), { ...Object.fromEntries(values), tokens: rows.flat() }))['logits'] ?? [];
const native = loadAddon().isas.map((isa) => nativeBackend({ threads: 2, isa, form: 'widened' }));

describe('the linear recurrence', () => {
  it.each([[referenceBackend(), 1e-12] as const, ...native.map((backend) => [backend, 2e-5] as const)])(
    'is what it is written out, on %s',
    async (backend, bound) => {
      const found = await logitsOn(backend, sequences);
      const expected = sequences.flatMap((tokens) => writtenOut(tokens).flat());
      expect(found).toHaveLength(expected.length);
      expected.forEach((value, i) => {
        expect(Math.abs(at(found, i) - value), `logits[${i}]`).toBeLessThan(bound);
      });
    },
  );
  it('remembers the first token to the last, and sees none that follow', async () => {
    const backend = referenceBackend();
    const before = await logitsOn(backend, sequences);
    const first = await logitsOn(backend, [[2, 2, 3, 4, 5, 6, 7, 8], sequences[1] ?? []]);
    const last = await logitsOn(backend, [[1, 2, 3, 4, 5, 6, 7, 9], sequences[1] ?? []]);
    expect(first.slice((time - 1) * V, time * V)).not.toEqual(before.slice((time - 1) * V, time * V));
    expect(first.slice(time * V)).toEqual(before.slice(time * V));
    expect(last.slice(0, (time - 1) * V)).toEqual(before.slice(0, (time - 1) * V));
  });
  it('has as many parameters as its formula says', () => {
    const built = specs.reduce((total, { shape }) => total + product(shape), 0);
    expect(built).toBe(V * D + D + 2 * (2 * D + D * (3 * R + 3 * F) + R * (2 * R + K + 4)));
  });
  it('starts with decays between 0.9 and 0.999 a token', () => {
    const spec = specs.find(({ path }) => path.endsWith('decay'));
    if (spec === undefined) throw new Error('no decay');
    const decays = initialValues({ ...spec, shape: [1000] }, { seed: 1, stream: 2 }).map((value) =>
      Math.exp(-8 * Math.log1p(Math.exp(value))),
    );
    expect(Math.min(...decays)).toBeGreaterThan(0.89);
    expect(Math.min(...decays)).toBeLessThan(0.91);
    expect(Math.max(...decays)).toBeLessThan(0.9991);
    expect(Math.max(...decays)).toBeGreaterThan(0.998);
  });
});
