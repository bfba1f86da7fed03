import { OctavoError } from '../error.js';
import { record, type Tensor } from '../trace/trace.js';
import { isHalf, product, sameShape, showType, type TensorType } from '../types.js';
import { defineOp } from './define.js';

// B batch, T time, C channels
type ScanAttributes = { readonly reverse: boolean };

const wide = (type: TensorType): TensorType => ({
  dtype: isHalf(type.dtype) ? 'float32' : type.dtype,
  shape: type.shape,
});

function check(a: TensorType, b: TensorType, initial: TensorType | undefined): readonly [number, number, number] {
  const [batch, time, channels] = b.shape;
  if (
    b.shape.length !== 3 ||
    !sameShape(a.shape, b.shape) ||
    (initial !== undefined && !sameShape(initial.shape, [batch, channels]))
  )
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[linearScan] a and b [B, T, C] and an initial state [B, C]; received ${showType(a)}, ${showType(b)}${initial === undefined ? '' : ` and ${showType(initial)}`}`,
    });
  return [batch, time, channels];
}

/** Calls `visit` for each sequence and channel with the places of its steps, in the order of the scan. */
function eachChannel(
  [batch, time, channels]: readonly [number, number, number],
  reverse: boolean,
  visit: (channel: number, places: readonly number[]) => void,
): void {
  for (let sequence = 0; sequence < batch; sequence++)
    for (let c = 0; c < channels; c++) {
      const places = Array.from({ length: time }, (_, t) => (sequence * time + t) * channels + c);
      visit(sequence * channels + c, reverse ? places.reverse() : places);
    }
}

/**
 * h_t = a_t ⊙ h_{t−1} + b_t, from h_{−1} = initial (0 where absent); with `reverse`, from the last step to the first.
 *   a, b: [B, T, C], initial: [B, C] → h: [B, T, C] like b; the state and `a` are float32 in mixed precision, since a
 *   decay near 1 has too few digits in 16 bits. A step with a = 0 forgets: packed documents start there.
 * Source: De et al. 2024, arXiv 2402.19427; Feng et al. 2024, arXiv 2410.01201.
 */
export const linearScanOp = defineOp({
  name: 'linearScan',
  inputs: ['a', 'b'],
  optional: ['initial'],
  outputs: ['h'],
  mixed: { full: ['a', 'initial'] },
  infer: ({ a, b, initial }, _: ScanAttributes) => {
    check(a, b, initial);
    return { h: { dtype: b.dtype, shape: b.shape } };
  },
  gradient: ({ inputs: { a, initial }, outputs: { h }, d, attributes }) => {
    if (d.h === undefined) return {};
    const operands = { a, h, dh: d.h };
    const made = record(
      a.trace,
      linearScanGradientOp,
      initial === undefined ? operands : { ...operands, initial },
      attributes,
    );
    return { a: made.da, b: made.db, ...(initial === undefined ? {} : { initial: made.dinitial }) };
  },
  reference: ({ a, b, initial }, { reverse }) => {
    const data = new Float64Array(product(b.shape));
    const [batch, time, channels] = b.shape;
    eachChannel([batch, time, channels], reverse, (channel, places) => {
      let state = initial?.data[channel] ?? 0;
      for (const at of places) {
        state = a.data[at] * state + b.data[at];
        data[at] = state;
      }
    });
    return { h: { shape: b.shape, data } };
  },
  parameters: ({ b }, { reverse }) => [...b.shape, Number(reverse)],
});

/**
 * The scan from the other end: g_t = dh_t + a_{t+1} ⊙ g_{t+1}; db = g, da_t = g_t ⊙ h_{t−1}, dinitial = a_0 ⊙ g_0.
 * Shapes as in `linearScan`.
 */
export const linearScanGradientOp = defineOp({
  name: 'linearScanGradient',
  inputs: ['a', 'h', 'dh'],
  optional: ['initial'],
  outputs: ['da', 'db', 'dinitial'],
  mixed: { full: ['a', 'initial'] },
  infer: ({ a, h, initial }, _: ScanAttributes) => {
    const [batch, , channels] = check(a, h, initial);
    return { da: wide(a), db: { dtype: h.dtype, shape: h.shape }, dinitial: { ...wide(a), shape: [batch, channels] } };
  },
  reference: ({ a, h, dh, initial }, { reverse }) => {
    const [batch, time, channels] = h.shape;
    const [da, db] = [new Float64Array(h.data.length), new Float64Array(h.data.length)];
    const dinitial = new Float64Array(batch * channels);
    eachChannel([batch, time, channels], reverse, (channel, places) => {
      let carried = 0;
      for (let step = time - 1; step >= 0; step--) {
        const at = places[step];
        db[at] = dh.data[at] + carried;
        da[at] = db[at] * (step > 0 ? h.data[places[step - 1]] : (initial?.data[channel] ?? 0));
        carried = a.data[at] * db[at];
      }
      dinitial[channel] = carried;
    });
    return {
      da: { shape: a.shape, data: da },
      db: { shape: h.shape, data: db },
      dinitial: { shape: [batch, channels], data: dinitial },
    };
  },
  parameters: ({ h }, { reverse }) => [...h.shape, Number(reverse)],
});

/** a, b: [B, T, C], initial: [B, C] or absent → all states [B, T, C]. */
export const linearScan = (
  a: Tensor,
  b: Tensor,
  { initial, reverse = false }: { readonly initial?: Tensor; readonly reverse?: boolean } = {},
): Tensor => record(b.trace, linearScanOp, initial === undefined ? { a, b } : { a, b, initial }, { reverse }).h;
